"""Lists of the API: `results`, `next`, `previous`; by position, never by number."""

from collections.abc import Callable
from functools import partial
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from accounts.keyset import Page, page

DEFAULT_LIMIT, GREATEST_LIMIT = 24, 100


class CursorPages(BasePagination):
    """Views name their order in `keyset_order`, a column of the queryset."""

    found: Page[Any]
    url: str

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        order = view.keyset_order(request) if callable(view.keyset_order) else view.keyset_order
        return self.fetch(request, partial(page, queryset, by=order))

    def fetch(self, request: Request, find: Callable[..., Page[Any]]) -> list[Any]:
        """The rows that `find` finds from the cursor on, where finding is more than one query."""
        self.url = request.build_absolute_uri()
        cursor = request.query_params.get("cursor")
        self.found = find(cursor=cursor, limit=self._limit(request))
        return self.found.rows

    @staticmethod
    def _limit(request: Request) -> int:
        given = request.query_params.get("limit", str(DEFAULT_LIMIT))
        short = given.isascii() and given.isdigit() and len(given) <= 3
        if not (short and 1 <= int(given) <= GREATEST_LIMIT):
            raise ValidationError({"limit": [f"Give a number from 1 to {GREATEST_LIMIT}."]})
        return int(given)

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "results": data,
                "next": self._link(self.found.next),
                "previous": self._link(self.found.previous),
            }
        )

    def _link(self, cursor: str | None) -> str | None:
        return replace_query_param(self.url, "cursor", cursor) if cursor else None

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": schema,
                "next": link,
                "previous": link,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": GREATEST_LIMIT, "default": 24}
        return [
            {"name": "cursor", "in": "query", "schema": {"type": "string"}},
            {"name": "limit", "in": "query", "schema": limit},
        ]
