"""Charts drawn by the server as SVG, each with its numbers in a table behind it."""

from collections.abc import Sequence

from django import template

register = template.Library()

# Across, everything is in thousandths of the width and shown as percentages, so that words keep
# their size on a phone; downwards it is in pixels.
HEIGHT, TOP, BASE = 200, 28, 172
LEFT, RIGHT = 10, 900


def _scale(value: int, low: int, high: int, start: int, end: int) -> int:
    if high == low:
        return (start + end) // 2
    return start + (value - low) * (end - start) // (high - low)


@register.inclusion_tag("components/sparkline.html")
def sparkline(values: Sequence[int], label: str) -> dict[str, object]:
    """Draw a small curve for one row of a table; ``label`` says it in words."""
    last = len(values) - 1
    low, high = (min(values), max(values)) if values else (0, 0)
    points = [
        (_scale(n, 0, last, 2, 94), _scale(value, low, high, 21, 3))
        for n, value in enumerate(values)
    ]
    return {
        "path": _path(points),
        "end": points[-1] if points else None,
        "label": label,
    }


@register.inclusion_tag("components/chart.html")
def chart(
    points: Sequence[tuple[str, int, str]],
    title: str,
    kind: str = "line",
    column: str = "Value",
) -> dict[str, object]:
    """Draw ``points`` of (name, value, value in words) as a "line" or as "bars" from zero.

    ``column`` heads the values in the table behind the chart.
    """
    values = [value for _, value, _ in points]
    low = min(0, *values) if kind == "bars" else min(values, default=0)
    # Bars of nothing have no height.
    high = max(1, *values) if kind == "bars" else max(values, default=0)
    slot = (RIGHT - LEFT) // max(len(points), 1)
    marks: list[dict[str, object]] = []
    places: list[tuple[int, int]] = []
    for n, (name, value, words) in enumerate(points):
        x = LEFT + slot * n + slot // 2
        y = _scale(value, low, high, BASE, TOP)
        places.append((x, y))
        marks.append(
            {
                "name": name,
                "words": words,
                "x": f"{x / 10}%",
                "y": y,
                "left": f"{(x - slot * 3 // 8) / 10}%",
                "width": f"{slot * 3 // 4 / 10}%",
                "height": BASE - y,
                "label_y": y - 8,
            }
        )
    return {
        "title": title,
        "kind": kind,
        "column": column,
        "marks": marks,
        "path": _path(places),
        "first": marks[0] if marks else None,
        "last": marks[-1] if marks else None,
        "base": BASE,
        "height": HEIGHT,
        "edge": f"{RIGHT / 10}%",
    }


def _path(points: Sequence[tuple[int, int]]) -> str:
    return "M" + " L".join(f"{x} {y}" for x, y in points) if points else ""
