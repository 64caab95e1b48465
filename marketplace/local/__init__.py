"""Running Surplus on one machine: embedded PostgreSQL and Valkey, their supervisor, a browser.

Nothing here is needed in production, and nothing here imports Django: the servers must be up
before the settings are read.
"""
