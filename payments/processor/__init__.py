"""The seam to the outside: one interface, one adapter, chosen here and nowhere else."""

from functools import cache

from payments.processor.interface import Processor
from payments.processor.stripe import StripeProcessor


@cache
def processor() -> Processor:
    """The processor this installation is configured for."""
    return StripeProcessor()
