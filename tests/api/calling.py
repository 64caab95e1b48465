"""A program that calls the REST API over Django's test client."""

from typing import Any

from django.test import Client

from accounts import tokens
from accounts.models import Person

API = "/api/v1/"
Answer = Any  # Django's test response: it has json(), headers and status_code


class Caller:
    """Calls with one token, or with none; paths are relative to the API's root."""

    def __init__(
        self, person: Person | None = None, scopes: tuple[str, ...] = tokens.SCOPES
    ) -> None:
        self.client = Client()
        self.headers: dict[str, str] = {}
        if person is not None:
            token = tokens.create(person=person, name="test", scopes=scopes)
            self.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> Answer:
        return self.client.get(API + path, query, headers=self.headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.send("post", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any) -> Answer:
        return self.send("patch", path, body)

    def send(self, method: str, path: str, body: Any, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return getattr(self.client, method)(
            API + path, body, content_type="application/json", headers=self.headers | named
        )

    def upload(self, path: str, **fields: Any) -> Answer:
        return self.client.post(API + path, fields, headers=self.headers)


def problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """The problem document of a refused call, checked for its form."""
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document.get("code")) == (status, code), document
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert document["status"] == status
    assert {"type", "title", "detail"} <= document.keys()
    return document


def wrong(answer: Answer) -> set[str]:
    """The fields that a 400 names; each with sentences."""
    errors = problem(answer, 400, "invalid")["errors"]
    assert all(texts and all(isinstance(t, str) for t in texts) for texts in errors.values())
    return set(errors)


def fields(serializer: Any) -> set[str]:
    """The names that a serializer describes."""
    return set(serializer().fields)
