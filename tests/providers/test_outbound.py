"""Where a key may go: nowhere but to the provider (abuse case 46)."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import override_settings

from providers import outbound, signing
from providers.outbound import Call, Unanswered, is_public

HOSTS = frozenset({"api.acme.example"})
SECRET = "key-that-nobody-may-see"


def call(url: str) -> Call:
    """A reading at that address."""
    return Call("acme", "GET", url, {"Authorization": f"Bearer {SECRET}"})


@contextmanager
def network(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> Iterator[list[Any]]:
    """A name service that answers so, and a spy at every socket that would be opened."""
    opened: list[Any] = []

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in addresses]

    def connect(address: Any, *_: Any, **__: Any) -> socket.socket:
        opened.append(address)
        raise OSError(f"no network in tests, {SECRET}")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    yield opened


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.8",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:a00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
    ],
)
def test_inner_addresses_are_refused_however_they_are_written(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_public(address)
    with (
        network(monkeypatch, "93.184.216.34", address) as opened,
        override_settings(SANDBOX_URL=""),
        pytest.raises(Unanswered, match="not_public"),
    ):
        outbound.send_call(call("https://api.acme.example/balance"), hosts=HOSTS)
    assert opened == []


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_a_public_address_is_connected_to_as_it_was_looked_at(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        network(monkeypatch, address) as opened,
        override_settings(SANDBOX_URL=""),
        pytest.raises(Unanswered, match="connection") as failed,
    ):
        outbound.send_call(call("https://api.acme.example/balance"), hosts=HOSTS)
    assert opened == [(address, 443)]
    assert SECRET not in repr(failed.value)
    assert failed.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        *["http://api.acme.example/", "https://evil.example/", "https://127.0.0.1/", "//x/"],
        *["https://api.acme.example.evil.example/", "https://api.acme.example@evil.example/"],
        *["https://user@api.acme.example/", "https://api.acme.example:8443/"],
        *["ftp://api.acme.example/", "file:///etc/passwd", "https://169.254.169.254/latest/"],
        "",
    ],
)
@pytest.mark.parametrize("sandbox", ["", "http://127.0.0.1:9"])
def test_other_addresses_are_not_even_looked_up(
    url: str, sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        network(monkeypatch, "93.184.216.34") as opened,
        override_settings(SANDBOX_URL=sandbox),
        pytest.raises(Unanswered, match="not_allowed"),
    ):
        outbound.send_call(call(url), hosts=HOSTS)
    assert opened == []


@override_settings(SANDBOX_URL="http://sandbox.example:8010")
def test_a_sandbox_elsewhere_gets_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        network(monkeypatch, "93.184.216.34") as opened,
        pytest.raises(Unanswered, match="not_allowed"),
    ):
        outbound.send_call(call("https://api.acme.example/"), hosts=HOSTS)
    assert opened == []


def test_a_call_does_not_show_what_it_carries() -> None:
    shown = repr(call(f"https://api.acme.example/?k={SECRET}")) + repr(
        outbound.Answer(200, SECRET.encode())
    )
    assert SECRET not in shown


def test_the_signature_is_that_of_amazons_own_example() -> None:
    """The "get-vanilla" case of the Signature Version 4 test suite."""
    parts = {
        "access_key_id": "AKIDEXAMPLE",
        "key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    }
    at = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    headers = signing.aws4(
        "GET", "https://example.amazonaws.com/", {}, b"", parts, service="service", at=at
    )
    assert headers["Authorization"].endswith(
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )
