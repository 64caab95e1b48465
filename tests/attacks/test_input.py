"""Input that is meant to break what reads it."""

import base64
import contextlib
import io
import json
import random
import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

from accounts.refusals import Invalid
from listings import consents


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


NIL = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("path", "order", "value", "key"),
    [
        ("listings/?ordering=discount", "-discount_bp", float("inf"), NIL),
        ("listings/?ordering=discount", "-discount_bp", 10**40, NIL),
        ("listings/?ordering=discount", "-discount_bp", "\x00", NIL),
        ("listings/?ordering=newest", "-created_at", "9999-12-31T23:59:59-23:59", NIL),
        ("listings/", "-created_at", "0001-01-01T00:00:00+23:59", NIL),
        ("providers/", "slug", "a\x00", "a"),
        ("providers/", "slug", "a", "a\x00"),
        ("providers/", "slug", "\ud800", "a"),
        ("providers/", "slug", {"a": 1}, "a"),
        ("providers/", "slug", [["a"]], "a"),
    ],
)
def test_a_forged_cursor_is_refused(
    client: Client, path: str, order: str, value: Any, key: str
) -> None:
    sign = "&" if "?" in path else "?"
    answer = client.get(f"/api/v1/{path}{sign}cursor={cursor(order, False, value, key)}")
    assert answer.status_code in (200, 400)


def upload(raw: bytes, name: str = "c.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, raw)


def a_pdf(stream: bytes, *, pages: int = 1, filters: str = "") -> bytes:
    writer = PdfWriter()
    content = DecodedStreamObject()
    content.set_data(stream)
    packed: Any = content.flate_encode()
    if filters:
        packed[NameObject("/Filter")] = NameObject(filters)
    held = writer._add_object(packed)
    for _ in range(pages):
        page = writer.add_blank_page(200, 200)
        page[NameObject("/Contents")] = held
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "filters",
    ["/Nonsense", "/LZWDecode", "/RunLengthDecode", "/Crypt", "/CCITTFaxDecode", "/ASCII85Decode"],
)
def test_a_pdf_with_a_strange_filter_is_refused(filters: str) -> None:
    with contextlib.suppress(Invalid):
        consents._checked(upload(a_pdf(b"BT (hello) Tj ET" * 50, filters=filters)))


def test_a_small_pdf_does_not_keep_a_worker_busy() -> None:
    raw = a_pdf(b"BT /F1 1 Tf (aaaaaaaaaaaaaaaa) Tj ET\n" * 100_000, pages=50)
    assert len(raw) < 200_000
    began = time.monotonic()
    with contextlib.suppress(Invalid):
        consents._checked(upload(raw))
    assert time.monotonic() - began < 10


def mutated(raw: bytes, chance: random.Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 12)):
        place = chance.randrange(len(changed))
        match chance.randrange(3):
            case 0:
                changed[place] = chance.randrange(256)
            case 1:
                del changed[place : place + chance.randint(1, 40)]
            case 2:
                changed[place:place] = bytes(
                    chance.randrange(256) for _ in range(chance.randint(1, 20))
                )
        if not changed:
            return b"x"
    return bytes(changed)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "PDF"])
def test_a_broken_file_is_refused_never_a_server_error(kind: str) -> None:
    if kind == "PDF":
        raw = a_pdf(b"BT /F1 12 Tf (hello) Tj ET" * 5, pages=3)
    else:
        out = io.BytesIO()
        Image.effect_noise((40, 40), 50).convert("RGB").save(out, kind)
        raw = out.getvalue()
    chance, wrong = random.Random(7), {}
    for _ in range(400):
        broken = mutated(raw, chance)
        try:
            consents._checked(upload(broken))
        except Invalid:
            continue
        except Exception as error:
            wrong.setdefault(f"{type(error).__name__}: {error}"[:80], broken[:0])
    assert wrong == {}
