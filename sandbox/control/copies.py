"""Many objects of one shape, written at once: one is made by the API's own code, then copied.

A pattern holds the rows that one example left behind, as text, with marks where amounts, moments,
ids and words stand; each copy puts its own in their places.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict

from sandbox.models import BalanceTransaction, Movement, Record

# The example happens at this moment; what happens within three weeks of it is moved with it.
EXAMPLE_AT = 1_500_000_000
_MOMENT = r"\b150[01]\d{6}(?:\.\d+)?\b"
MODELS: dict[str, Any] = {
    "records": Record,
    "lines": BalanceTransaction,
    "movements": Movement,
}


class Pattern:
    """The rows of an example. `made` names its ids; `marks` are the numbers and words to replace.

    `prepare` comes before the example, and leaves nothing in the pattern. The text is cut at its
    marks once, so that a copy is no more than joining pieces.
    """

    def __init__(
        self,
        example: Callable[[], dict[str, str]],
        *,
        marks: Iterable[str],
        prepare: Callable[[], Any] = lambda: None,
    ) -> None:
        with transaction.atomic():
            prepare()
            last = {name: _last(model) for name, model in MODELS.items()}
            self.made = example()
            rows = {
                name: [_plain(row) for row in model.objects.filter(pk__gt=last[name])]
                for name, model in MODELS.items()
            }
            transaction.set_rollback(True)
        keys = [row["key"] for name in ("records", "lines") for row in rows[name]]
        self.keys = [key for key in keys if re.match(r"[a-z]+_", key)]
        words = sorted({*marks, *self.keys}, key=len, reverse=True)
        known = "|".join(re.escape(word) for word in words)
        cut = f"((?<![A-Za-z0-9])(?:{known})(?![A-Za-z0-9])|{_MOMENT})"
        # Every other piece is a mark.
        self.pieces = re.split(cut, json.dumps(rows))

    def names(self, seed: str) -> dict[str, str]:
        """The id of each of the example's objects in the copy that `seed` stands for."""
        return {key: _id_like(key, f"{seed}:{place}") for place, key in enumerate(self.keys)}

    def rows(self, seed: str, *, at: float, values: dict[str, Any]) -> dict[str, list[Any]]:
        """The copy's rows, not saved; `values` by mark."""
        given = {mark: _written(value) for mark, value in values.items()} | self.names(seed)

        text = "".join(
            (given[piece] if piece in given else _moved(piece, at)) if place % 2 else piece
            for place, piece in enumerate(self.pieces)
        )
        made = json.loads(text)
        return {name: [MODELS[name](**row) for row in made[name]] for name in MODELS}


def save(copies: Iterable[dict[str, list[Any]]]) -> None:
    """Write the rows of all copies, in their order."""
    together: dict[str, list[Any]] = {name: [] for name in MODELS}
    for copy in copies:
        for name, rows in copy.items():
            together[name] += rows
    for name, rows in together.items():
        MODELS[name].objects.bulk_create(rows, batch_size=500)


def known(keys: Iterable[str]) -> set[str]:
    """Which of these objects are there already."""
    wanted, found = list(keys), set()
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        found |= set(Record.objects.filter(key__in=part).values_list("key", flat=True))
    return found


def _last(model: Any) -> int:
    return int(model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0)


def _plain(row: Any) -> dict[str, Any]:
    columns = model_to_dict(row)
    columns.pop(row._meta.pk.name)
    return columns


def _moved(moment: str, at: float) -> str:
    """A moment of the example, as long after `at` as it was after the example's begin."""
    moved = float(moment) - EXAMPLE_AT + at
    return repr(moved) if "." in moment else str(int(moved))


def _written(value: Any) -> str:
    """A value as it stands inside JSON text: words without their quotes."""
    text = json.dumps(value)
    return text[1:-1] if isinstance(value, str) else text


def _id_like(key: str, seed: str) -> str:
    """An id of the same kind and length, which follows from the seed."""
    length = 58 if key.startswith("cs_") else 24
    digest = hashlib.sha512(seed.encode()).digest()
    letters = re.sub(r"[^A-Za-z0-9]", "", base64.b64encode(digest).decode())
    return key[:-length] + letters[:length].ljust(length, "0")
