"""Authenticated encryption of single fields, under a ring of keys.

The newest key of FIELD_KEYS writes; all of them read, so keys can be replaced under traffic.
"""

import hashlib
import hmac
from functools import cache

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


def _key_id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:12]


@cache
def _ring(keys: tuple[str, ...]) -> dict[str, Fernet]:
    return {_key_id(key): Fernet(key) for key in keys}


def encrypt(text: str) -> tuple[str, bytes]:
    """The id of the key, and the ciphertext."""
    key_id, cipher = next(iter(_ring(tuple(settings.FIELD_KEYS)).items()))
    return key_id, cipher.encrypt(text.encode())


def encrypt_bytes(content: bytes) -> tuple[str, bytes]:
    """The same for a file; Fernet's base64 makes it a third larger."""
    key_id, cipher = next(iter(_ring(tuple(settings.FIELD_KEYS)).items()))
    return key_id, cipher.encrypt(content)


def decrypt_bytes(key_id: str, ciphertext: bytes) -> bytes:
    """The file again. Raises as `decrypt` does."""
    try:
        return _ring(tuple(settings.FIELD_KEYS))[key_id].decrypt(bytes(ciphertext))
    except InvalidToken:
        raise ValueError("the ciphertext was altered") from None


def decrypt(key_id: str, ciphertext: bytes) -> str:
    """The text again. Raises KeyError if the key left the ring, ValueError if it was altered."""
    return decrypt_bytes(key_id, ciphertext).decode()


def key_ids() -> list[str]:
    """The ids of all keys that can still read."""
    return list(_ring(tuple(settings.FIELD_KEYS)))


def fingerprint(text: str, *, purpose: str) -> str:
    """A keyed hash that tells equal texts apart without storing them.

    It hangs on SECRET_KEY, so it is for what is compared within days; codes, which must be known
    for good, have a key of their own (`listings.fingerprints`).
    """
    key = hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
