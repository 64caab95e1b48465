"""Filters for the texts of mails."""
