"""The product with all that stands before an order, but without the processor."""

from marketplace.settings import *  # noqa: F403
from marketplace.settings import MIDDLEWARE

MIDDLEWARE = [*MIDDLEWARE, "bench.stopping.StopBeforeTheProcessor"]
