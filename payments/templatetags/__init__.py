"""Filters that the payout pages add to those of every page."""
