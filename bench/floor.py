"""The floors of the pages: as little as a list of 24 offers can be, on the same web server."""

import json
import os
import pickle
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from listings.models import Listing, ListingStatus

SHOWN = 24
NEWEST = """
    SELECT id, title, provider_id, price_cents, available_cents, discount_bp, expires_on
    FROM listings_listing WHERE status = 'live' ORDER BY created_at DESC, id DESC LIMIT 24"""
# About the bytes of a card of the product, without what needs another table.
CARD = """<article class="card offer"><header><h3><a href="/listings/{}/">{}</a></h3><p>{}</p>
</header><p class="price"><b>${}.{:02}</b> <s>${}.{:02}</s></p>
<span class="off">{}.{:02}% off</span>
<svg class="meter" viewBox="0 0 10000 1"><rect width="{}" height="1"/></svg>
<p class="facts"><span>Expires {}</span></p></article>
"""
PAGE = "<!doctype html><html lang=en><title>Offers</title><div class=cards>{}</div></html>"
TEMPLATE = """<!doctype html><html lang=en><title>Offers</title><div class=cards>
{% for one in listings %}<article class="card offer"><header>
<h3><a href="/listings/{{ one.id }}/">{{ one.title }}</a></h3><p>{{ one.provider_id }}</p>
</header><p class="price"><b>{{ one.price_cents }}</b> <s>{{ one.available_cents }}</s></p>
<span class="off">{{ one.discount_bp }} off</span>
<svg class="meter" viewBox="0 0 10000 1"><rect width="{{ one.discount_bp }}" height="1"/></svg>
<p class="facts"><span>Expires {{ one.expires_on|date:"j M Y" }}</span></p></article>
{% endfor %}</div></html>"""
_template: list[Template] = []


def bare(request: HttpRequest) -> HttpResponse:
    """One indexed query and string formatting."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST)
        rows = cursor.fetchall()
    return _answer(PAGE.format("".join(map(_card, rows))))


def _card(row: tuple[object, ...]) -> str:
    key, title, provider, price, left, discount, expires = row
    assert isinstance(price, int) and isinstance(left, int) and isinstance(discount, int)
    return CARD.format(
        key,
        escape(str(title)),
        escape(str(provider)),
        *divmod(price, 100),
        *divmod(left, 100),
        *divmod(discount, 100),
        discount,
        expires,
    )


def with_template(request: HttpRequest) -> HttpResponse:
    """The same with Django's ORM and template engine."""
    if not _template:
        _template.append(Template(TEMPLATE))
    rows = Listing.objects.filter(status=ListingStatus.LIVE).order_by("-created_at", "-pk")
    return _answer(_template[0].render(Context({"listings": rows.defer("search")[:SHOWN]})))


def nothing(request: HttpRequest) -> HttpResponse:
    """What the web server itself costs; shows, too, that the load is not the bottleneck."""
    return _answer("ok")


def _answer(text: str) -> HttpResponse:
    content = text.encode()
    return HttpResponse(content, headers={"Content-Length": str(len(content))})


@cache
def _recorded() -> dict[str, Any]:
    path = Path(os.environ["DATA_DIR"]) / "placing.pickle"
    kept: dict[str, Any] = pickle.loads(path.read_bytes())
    return kept


@csrf_exempt
def place(request: HttpRequest) -> HttpResponse:
    """The SQL of one order, recorded once, in one transaction."""
    given, kept = json.loads(request.body), _recorded()
    names = {
        kept["listing"]: given["listing"],
        str(kept["buyer"]): str(given["buyer"]),
        kept["key"]: str(uuid4()),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        kept["recording"].send(cursor, names)
    return _answer("placed")


urlpatterns = [
    path("place/", place),
    path("healthz", nothing),
    path("nothing/", nothing),
    path("bare/", bare),
    path("template/", with_template),
]
