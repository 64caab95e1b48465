"""How often the processor is asked again about what is still open."""

from datetime import timedelta

POLL_EVERY = timedelta(seconds=30)
