"""What pages cost: browse in its variants, one offer, an order, the home page, the API's list."""

import gzip
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.keyset import page
from bench import figures, load
from bench.stage import Stage, Web
from listings.models import Listing
from listings.search import order_column, results
from listings.views import SHOWN
from orders.models import Order

FAR_PAGE = 200
WARM_SECONDS = 0.5
WORDS = "speech"
FLOOR, TEMPLATE_FLOOR, NOTHING = "floor: SQL and f-strings", "floor: Django template", "no work"
BROWSE, FAR = "browse", f"browse, page {FAR_PAGE}"
_ASSET = re.compile(r'(?:<link rel="stylesheet" href|<script[^>]* src)="([^"]+)"')


@dataclass
class Target:
    """One page, and what its rounds found."""

    name: str
    path: str
    web: Web
    cookie: str = ""
    # Paths that differ from request to request, where an answer that is kept would be no measure.
    paths: Callable[[], Iterator[str]] | None = None
    per_second: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    web_ms: list[float] = field(default_factory=list)
    database_ms: list[float] = field(default_factory=list)
    asking_ms: list[float] = field(default_factory=list)

    def cpu_ms(self) -> list[float]:
        """Processor time of an answer, web and database together, round by round."""
        return [web + pg for web, pg in zip(self.web_ms, self.database_ms, strict=True)]


def targets(stage: Stage, *, provider: str, order: Order) -> list[Target]:
    """Every page, floors first."""
    everything = results({})
    newest = order_column("newest")
    before = page(everything.with_parts(), by=newest, cursor=None, limit=(FAR_PAGE - 1) * SHOWN)
    by_price = page(everything.with_parts(), by=order_column("price"), cursor=None, limit=1).rows[0]

    def browse(**wanted: str) -> str:
        return f"/listings/?{urlencode(wanted)}"

    signed_in = Client()
    signed_in.force_login(order.buyer)
    cookie = f"{settings.SESSION_COOKIE_NAME}={signed_in.session.session_key}"
    product, floor = stage.product, stage.floor
    return [
        Target(NOTHING, "/nothing/", floor),
        Target(FLOOR, "/bare/", floor),
        Target(TEMPLATE_FLOOR, "/template/", floor),
        Target(BROWSE, "/listings/", product),
        Target(FAR, browse(cursor=before.next or ""), product),
        Target("browse, one provider", browse(provider=provider), product),
        Target("browse, searched", browse(q=WORDS), product),
        Target("browse, by price", browse(ordering="price"), product),
        Target("one offer", by_price.get_absolute_url(), product),
        Target("an order", order.get_absolute_url(), product, cookie),
        Target("home", "/", product),
        Target("API, list of offers", "/api/v1/listings/", product),
    ]


def measure(
    stage: Stage, found: Sequence[Target], *, rounds: int, seconds: float, connections: int
) -> None:
    """Ask for each page in turn, again and again, so that no page has the quiet minute alone."""
    for target in found:
        _ask(target, seconds=min(seconds, WARM_SECONDS), connections=connections)
    for _ in range(rounds):
        for target in found:
            _round(stage, target, seconds=seconds, connections=connections)


def _ask(target: Target, *, seconds: float, connections: int) -> load.Load:
    port, cookie, paths = target.web.port, target.cookie, target.paths
    if paths is None:
        return load.ask(
            port=port, path=target.path, cookie=cookie, connections=connections, seconds=seconds
        )
    return load.send(
        port=port,
        requests=lambda _: (load.page(port, path, cookie) for path in paths()),
        connections=connections,
        seconds=seconds,
    )


def _round(stage: Stage, target: Target, *, seconds: float, connections: int) -> None:
    web, database = target.web.cpu.seconds(), stage.database.seconds()
    asked = _ask(target, seconds=seconds, connections=connections)
    per_answer = 1000 / len(asked.seconds)
    target.web_ms.append((target.web.cpu.seconds() - web) * per_answer)
    target.database_ms.append((stage.database.seconds() - database) * per_answer)
    target.asking_ms.append(asked.own_cpu_seconds * per_answer)
    target.per_second.append(asked.per_second)
    target.p50_ms.append(figures.quantile(asked.seconds, 0.5) * 1000)
    target.p99_ms.append(figures.quantile(asked.seconds, 0.99) * 1000)


def statements(target: Target) -> list[str]:
    """The SQL statements that the page takes, once its caches are filled."""
    client = Client(headers={"host": "127.0.0.1"})
    if target.cookie:
        name, _, value = target.cookie.partition("=")
        client.cookies[name] = value
    client.get(target.path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(target.path).status_code == 200, target.path
    return [query["sql"] for query in queries.captured_queries]


def first_visit_bytes(target: Target) -> int:
    """The page and its styles and scripts, compressed, as a first visitor loads them."""
    html = load.body(target.web.port, target.path)
    assets = [load.body(target.web.port, path) for path in _ASSET.findall(html.decode())]
    return sum(len(gzip.compress(part)) for part in [html, *assets])


def report(found: Sequence[Target]) -> dict[str, Any]:
    """All figures, with their ratios to the floors of the same rounds."""
    floors = {target.name: target.cpu_ms() for target in found}
    rows = {}
    for target in found:
        body = load.body(target.web.port, target.path, target.cookie)
        on_floor = target.path in ("/nothing/", "/bare/", "/template/")
        rows[target.name] = {
            "per_second": figures.spread(target.per_second),
            "p50_ms": figures.spread(target.p50_ms),
            "p99_ms": figures.spread(target.p99_ms),
            "web_cpu_ms": figures.spread(target.web_ms),
            "database_cpu_ms": figures.spread(target.database_ms),
            "load_cpu_ms": figures.spread(target.asking_ms),
            "over_floor": figures.ratios(target.cpu_ms(), floors[FLOOR]),
            "over_template_floor": figures.ratios(target.cpu_ms(), floors[TEMPLATE_FLOOR]),
            "bytes": len(body),
            "gzip_bytes": len(gzip.compress(body)),
            "statements": int(target.path != "/nothing/") if on_floor else len(statements(target)),
        }
    by_name = {target.name: target for target in found}
    far = figures.ratios(by_name[FAR].cpu_ms(), by_name[BROWSE].cpu_ms())
    return {
        "listings": Listing.objects.live().count(),
        "pages": rows,
        "far_page_over_first": far,
        "first_visit_gzip_bytes": first_visit_bytes(by_name[BROWSE]),
    }


def tables(result: dict[str, Any]) -> str:
    """For people."""
    heads = ["page", "CPU ÷ floor", "÷ template floor", "CPU ms web", "CPU ms PG", "requests/s"]
    heads += ["p50 ms", "p99 ms", "SQL", "bytes", "gzip"]
    rows = [
        [
            name,
            figures.said(row["over_floor"]),
            figures.said(row["over_template_floor"]),
            f"{row['web_cpu_ms']['median']:.2f}",
            f"{row['database_cpu_ms']['median']:.2f}",
            f"{row['per_second']['median']:.0f}",
            f"{row['p50_ms']['median']:.1f}",
            f"{row['p99_ms']['median']:.1f}",
            str(row["statements"]),
            f"{row['bytes']:,}",
            f"{row['gzip_bytes']:,}",
        ]
        for name, row in result["pages"].items()
    ]
    ends = [
        f"{result['listings']:,} live offers; page {FAR_PAGE} costs "
        f"{figures.said(result['far_page_over_first'], 2)} times the first.",
        f"First visit of browse with styles and scripts: "
        f"{result['first_visit_gzip_bytes']:,} bytes compressed.",
    ]
    return "\n".join([figures.table(heads, rows), "", *ends])
