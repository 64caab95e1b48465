"""Filters and tags that templates of every app share."""
