"""Looking for garbage less often: Django and all apps are a million objects that stay."""

import gc

# Python's own 700 means that most of the time nothing is found, at a tenth of a process's time.
RARELY = (50_000, 20, 100)


def settle() -> None:
    """Call it when all is imported: that is left out from now on, and the rest looked at rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)
