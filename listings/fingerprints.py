"""Telling codes apart without storing them: keyed hashes under a key of their own.

The key is random, made once and encrypted under FIELD_KEYS. It does not change when SECRET_KEY or
FIELD_KEYS are replaced, so a code that was offered before is known for good.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable

from accounts.encryption import decrypt, encrypt
from listings.models import FingerprintKey


def fingerprints(texts: Iterable[str]) -> list[str]:
    """A mark of each text, the same for the same text at any time."""
    key = _key()
    return [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for text in texts]


def _key() -> bytes:
    row = FingerprintKey.objects.first()
    if row is None:
        keep(secrets.token_bytes(32))
        # Two may have come here at once: what counts is the one that was stored.
        row = FingerprintKey.objects.get()
    return bytes.fromhex(decrypt(row.key_id, bytes(row.ciphertext)))


def keep(key: bytes) -> None:
    """Make this the key, unless there is one."""
    key_id, ciphertext = encrypt(key.hex())
    FingerprintKey.objects.bulk_create(
        [FingerprintKey(pk=1, key_id=key_id, ciphertext=ciphertext)], ignore_conflicts=True
    )
