"""Several curves in one chart, drawn by the server; the page has their numbers in a table."""

from collections.abc import Sequence
from typing import Any

from django import template

register = template.Library()

# Across, thousandths of the width; downwards, pixels: so that words keep their size on a phone.
HEIGHT, TOP, BASE, WIDTH = 260, 24, 232, 1000


@register.inclusion_tag("components/curves.html")
def curves(
    lines: Sequence[dict[str, Any]],
    title: str,
    first: str,
    last: str,
    mark: int | None = None,
    mark_words: str = "",
) -> dict[str, object]:
    """Draw lines of ``name``, ``points`` (x, y) and maybe ``kind`` ("dashed" or "thin"), from zero.

    ``first`` and ``last`` are the words below both ends; ``mark`` is an x to be marked.
    """
    most_x = max((x for line in lines for x, _ in line["points"]), default=0) or 1
    most_y = max((y for line in lines for _, y in line["points"]), default=0) or 1
    drawn = [_drawn(line, most_x, most_y) for line in lines]
    _apart(drawn)
    return {
        "title": title,
        "lines": drawn,
        "first": first,
        "last": last,
        "mark": None if mark is None else f"{mark * WIDTH // most_x / 10}%",
        "mark_words": mark_words,
        "before": mark is not None and mark * 2 > most_x,
        "base": BASE,
        "top": TOP,
        "height": HEIGHT,
    }


def _drawn(line: dict[str, Any], most_x: int, most_y: int) -> dict[str, Any]:
    places = [(x * WIDTH // most_x, BASE - y * (BASE - TOP) // most_y) for x, y in line["points"]]
    path = "M" + " L".join(f"{x} {y}" for x, y in places)
    return {"name": line["name"], "kind": line.get("kind", ""), "path": path, "y": places[-1][1]}


def _apart(drawn: list[dict[str, Any]]) -> None:
    """Move the names so far apart that each can be read, the topmost first."""
    above = TOP - 30
    for line in sorted(drawn, key=lambda one: one["y"]):
        line["label_y"] = above = max(line["y"] - 8, above + 18)
