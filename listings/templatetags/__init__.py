"""Words for what only offers have."""
