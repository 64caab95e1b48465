"""The chain of digests over all postings; how it works is in `accounts.chain`."""

from collections.abc import Iterator, Mapping

from accounts.chain import Chain
from payments.models import Seal

BATCH = 1000
CHAIN = Chain(
    seals=Seal,
    table="payments_posting",
    leaf="""encode(sha256(convert_to(concat_ws('|', id, key, source, destination, amount_cents,
    currency, coalesce(escrow_id::text, '-'), extract(epoch FROM at)), 'UTF8')), 'hex')""",
    rows="postings",
)


def seal_new() -> int:
    """Seal what is settled; returns how many postings. Called by one worker at a time."""
    return CHAIN.seal_new(BATCH)


def broken(heads: Mapping[int, str] | None = None) -> Iterator[str]:
    """Each seal whose postings are not what was sealed, or not what a kept head says."""
    return CHAIN.broken(heads)
