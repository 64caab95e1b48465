"""Filters that the pages of trades add to those of every page."""
