"""Trades under every failure at once: one seed decides what happens, and replays it exactly."""
