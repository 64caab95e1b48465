"""Redeemable codes: in encrypted, out to one buyer, never twice in any spelling."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from accounts.encryption import decrypt, encrypt
from accounts.refusals import Invalid
from listings.fingerprints import fingerprints
from listings.lifecycle import machine
from listings.models import Code, CodeStatus, Listing

MOST_CODES = 500
LONGEST_CODE = 200


@dataclass(frozen=True)
class Deposit:
    """A code as handed in, and what it is worth."""

    code: str
    face_value_cents: int


def canonical(code: str) -> str:
    """One spelling of a code: case, look-alike forms, dashes and spaces do not make another."""
    folded = unicodedata.normalize("NFKC", code).casefold()
    return "".join(character for character in folded if character.isalnum())


def deposit(listing: Listing, codes: Sequence[Deposit]) -> None:
    """Store the codes of a listing. Raises Invalid if one was deposited before, by anybody."""
    seen = fingerprints(canonical(item.code) for item in codes)
    if len(set(seen)) != len(seen):
        raise Invalid("codes", "The same code is there twice.")
    rows = []
    for item, mark in zip(codes, seen, strict=True):
        key_id, ciphertext = encrypt(item.code.strip())
        rows.append(
            Code(
                listing=listing,
                face_value_cents=item.face_value_cents,
                fingerprint=mark,
                key_id=key_id,
                ciphertext=ciphertext,
            )
        )
    try:
        with transaction.atomic():
            Code.objects.bulk_create(rows)
    except IntegrityError:
        # Which one, or whose, is nobody's business but the owner's.
        raise Invalid("codes", "One of these codes is in an offer already.") from None


def reserve(listing: Listing, order_id: UUID, face_value_cents: int) -> None:
    """Set codes of that worth aside for an order; the stock has been taken before."""
    assert connection.in_atomic_block
    left = Code.objects.filter(listing=listing, status=CodeStatus.AVAILABLE).order_by("id")
    count = face_value_cents // listing.step_cents
    # The listing's row is locked since its stock was taken, so nobody else reserves from it now.
    taken = Code.objects.filter(pk__in=left.values("pk")[:count]).update(
        status=CodeStatus.RESERVED, reserved_for=order_id
    )
    assert taken == count, "the stock said that this many codes are left"


def give_back(listing: Listing, order_id: UUID) -> None:
    """Codes that nobody has seen are for sale again, or free if their offer has ended."""
    ended = listing.status in machine.final
    Code.objects.filter(reserved_for=order_id, status=CodeStatus.RESERVED).update(
        status=CodeStatus.VOID if ended else CodeStatus.AVAILABLE, reserved_for=None
    )


def count(order_id: UUID) -> int:
    """How many codes an order holds."""
    return Code.objects.filter(reserved_for=order_id).count()


def of(order_id: UUID) -> list[Code]:
    """The rows of an order's codes, in the order in which they are shown."""
    return list(Code.objects.filter(reserved_for=order_id).order_by("id"))


def endings(order_id: UUID) -> list[str]:
    """The last four characters of each code, to tell by which one is meant."""
    return [decrypt(row.key_id, bytes(row.ciphertext))[-4:] for row in of(order_id)]


def reveal(order_id: UUID) -> list[str]:
    """The codes of an order, in plain text; from now on they count as seen."""
    rows = Code.objects.filter(reserved_for=order_id).order_by("id")
    rows.filter(status=CodeStatus.RESERVED).update(status=CodeStatus.REVEALED, revealed_at=Now())
    return [decrypt(row.key_id, bytes(row.ciphertext)) for row in rows]


def read(code: Code) -> str:
    """One code in plain text. Who may is decided by the caller."""
    return decrypt(code.key_id, bytes(code.ciphertext))


def void(listing: Listing) -> None:
    """Take the unsold codes out, so that their owner may offer them elsewhere."""
    Code.objects.filter(listing=listing, status=CodeStatus.AVAILABLE).update(status=CodeStatus.VOID)
