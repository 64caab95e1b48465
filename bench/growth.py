"""How pages grow with the market: the same pages at several sizes, side by side.

The market can only grow, so sizes cannot take turns as pages do. Each page is therefore compared
with the floor of its own rounds, and growth is how that ratio changes from the first size on.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any
from urllib.parse import urlencode

from accounts.keyset import page
from bench import figures, goods, load, plans
from bench.pages import FLOOR, NOTHING, TEMPLATE_FLOOR, Target, measure, statements
from bench.stage import Stage
from listings.models import Listing
from listings.search import order_column, results
from listings.views import SHOWN

FAR_PAGE = 500


def spellings(text: str) -> Iterator[str]:
    """Words that all are known and were never asked for together: in ever other capitals."""
    places = [place for place, letter in enumerate(text) if letter.isalpha()]
    # Begun elsewhere each time, since what was asked before may be kept still.
    for number in count(time.time_ns()):
        letters = list(text)
        for bit, place in enumerate(places):
            letters[place] = letters[place].upper() if number >> bit & 1 else letters[place]
        yield "".join(letters)


def numbered(text: str) -> Iterator[str]:
    """Words that nobody has used before."""
    return (f"{text}{number}" for number in count(time.time_ns()))


# Each with what makes other texts of it for which no answer is kept.
SEARCHES: dict[str, tuple[str, Callable[[str], Iterator[str]]]] = {
    "browse, three common words": ("credit language models", spellings),
    "browse, words that never meet": ("workshop grant closed", spellings),
    "browse, no such word": ("nowhere", numbered),
}


def targets(stage: Stage) -> list[Target]:
    """The floors and every kind of list."""
    newest = order_column("newest")
    cursor = page(
        results({}).for_cards(), by=newest, cursor=None, limit=(FAR_PAGE - 1) * SHOWN
    ).next

    def browse(**wanted: str) -> str:
        return f"/listings/?{urlencode(wanted)}"

    def anew(words: str, others: Callable[[str], Iterator[str]]) -> Callable[[], Iterator[str]]:
        return lambda: (browse(q=text) for text in others(words))

    provider = goods.widest_provider()
    product, floor = stage.product, stage.floor
    return [
        Target(NOTHING, "/nothing/", floor),
        Target(FLOOR, "/bare/", floor),
        Target(TEMPLATE_FLOOR, "/template/", floor),
        Target("browse", "/listings/", product),
        Target(f"browse, page {FAR_PAGE}", browse(cursor=cursor or ""), product),
        Target("browse, by price", browse(ordering="price"), product),
        Target("browse, one provider", browse(provider=provider), product),
        Target("browse, facets", browse(min_discount_bp="6000", max_price_cents="50000"), product),
        Target("browse, nothing fits", browse(min_available_cents="1000000000"), product),
        *(Target(name, browse(q=words), product) for name, (words, _) in SEARCHES.items()),
        *(
            Target(f"{name}, asked anew", browse(q=words), product, paths=anew(words, others))
            for name, (words, others) in SEARCHES.items()
        ),
        Target("home", "/", product),
        Target("API, list of offers", "/api/v1/listings/", product),
    ]


def measured(
    stage: Stage, sizes: Sequence[int], *, rounds: int, seconds: float, connections: int
) -> dict[str, Any]:
    """Every page at every size, and that none of them reads all offers one by one."""

    def asked() -> list[Target]:
        found = targets(stage)
        for target in found:
            if target.web is stage.product:
                _require_no_scan(target)
        return found

    found = grown(
        stage,
        sizes,
        fill=goods.offers,
        pages=asked,
        rounds=rounds,
        seconds=seconds,
        connections=connections,
    )
    return found | {"listings": Listing.objects.live().count()}


def _require_no_scan(target: Target) -> None:
    found = plans.explained(statements(target))
    assert not any(seq for seq, _ in found), f"{target.name} reads all offers one by one"


def grown(
    stage: Stage,
    sizes: Sequence[int],
    *,
    fill: Callable[[int], None],
    pages: Callable[[], list[Target]],
    rounds: int,
    seconds: float,
    connections: int,
) -> dict[str, Any]:
    """Fill to each size in turn, and measure the pages there."""
    found, memory = {}, {}
    for size in sizes:
        fill(size)
        asked = pages()
        measure(stage, asked, rounds=rounds, seconds=seconds, connections=connections)
        floor = next(target for target in asked if target.name == TEMPLATE_FLOOR)
        found[str(size)] = {target.name: _figures(target, floor) for target in asked}
        memory[str(size)] = round(stage.product.cpu.peak_mib(), 1)
    return {"sizes": list(sizes), "pages": found, "web_process_peak_mib": memory}


def _figures(target: Target, floor: Target) -> dict[str, Any]:
    return {
        "cpu_ms": figures.spread(target.cpu_ms()),
        "over_template_floor": figures.ratios(target.cpu_ms(), floor.cpu_ms()),
        "throughput_over_template_floor": figures.ratios(target.per_second, floor.per_second),
        "p50_ms": figures.spread(target.p50_ms),
        "p99_ms": figures.spread(target.p99_ms),
        "bytes": len(load.body(target.web.port, target.path, target.cookie)),
        "statements": None if target.web is floor.web else len(statements(target)),
    }


def table(result: dict[str, Any]) -> str:
    """For people: one row a page, sizes side by side, each as CPU over the floor of its rounds."""
    sizes = [str(size) for size in result["sizes"]]
    heads = ["page", *(f"÷ floor at {int(size):,}" for size in sizes)]
    heads += ["growth", "throughput ÷ floor", "p99 ms", "SQL"]
    last = result["pages"][sizes[-1]]
    rows = figures.table(heads, [_row(result, sizes, name, last[name]) for name in last])
    return f"{rows}\n\n{largest(result)}"


def largest(result: dict[str, Any]) -> str:
    """For people: the most that a process of the web server held, by size."""
    peaks = result["web_process_peak_mib"].items()
    listed = ", ".join(f"{peak:.0f} MiB at {int(size):,}" for size, peak in peaks)
    return f"The largest process of the web server: {listed}."


def over(result: dict[str, Any], size: str, name: str) -> float:
    """What a page costs at a size, as a multiple of the floor of its rounds."""
    return float(result["pages"][size][name]["over_template_floor"]["median"])


def growth_of(result: dict[str, Any], name: str) -> float:
    """How that changes from the first size to the last."""
    first, last = (str(result["sizes"][end]) for end in (0, -1))
    before = over(result, first, name)
    return over(result, last, name) / before if before else 0.0


def _row(result: dict[str, Any], sizes: list[str], name: str, last: dict[str, Any]) -> list[str]:
    return [
        name,
        *(f"{over(result, size, name):.2f}" for size in sizes),
        f"{growth_of(result, name):.2f}",
        f"{last['throughput_over_template_floor']['median']:.2f}",
        f"{last['p99_ms']['median']:.1f}",
        str(last["statements"] if last["statements"] is not None else ""),
    ]
