"""How a guide cites: numbers that lead to its list of sources, and a mark on what is old."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from providers import freshness
from providers.guides import Source

register = template.Library()
# A browser ends the script at "</" whatever JSON thinks of it.
IN_SCRIPT = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


class Run(NamedTuple):
    """Sources that stand side by side in the list."""

    first: Source
    last: Source


@register.filter
def runs(sources: Sequence[Source]) -> list[Run]:
    """The sources as they are cited: three or more in a row as one, "[2–5]"."""
    found: list[list[Source]] = []
    for source in sorted(sources, key=lambda one: one.number):
        if found and source.number == found[-1][-1].number + 1:
            found[-1].append(source)
        else:
            found.append([source])
    cited: list[Run] = []
    for run in found:
        if len(run) > 2:
            cited.append(Run(run[0], run[-1]))
        else:
            cited += [Run(one, one) for one in run]
    return cited


@register.filter
def stale_since(sources: Sequence[Source]) -> date | None:
    """When the newest of the sources was checked, if even that is long ago."""
    return freshness.stale_since(sources, today=timezone.localdate())


@register.simple_tag
def linked_data(data: Any) -> SafeString:
    """What search engines read of a page. A block of data: the browser runs nothing of it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(IN_SCRIPT)
    return SafeString(f'<script type="application/ld+json">{text}</script>')
