"""The one way out to providers: known hosts, public addresses, little time and little data.

A reading carries a person's key, so it goes nowhere but to the host that the catalogue names:
https with its certificate checked, no redirects, and to the very address that was looked at, so
that a name which answers differently the second time gains nothing. Where SANDBOX_URL is set, all
readings go to the sandbox instead, and to nothing else.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 6.0
MOST_BYTES = 256 * 1024
CHUNK = 16 * 1024
# NAT64: an IPv4 address, perhaps a private one, in the clothes of a public IPv6 one.
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Unanswered(Exception):
    """There is no usable answer; `problem` says why in a word, and nothing of what was sent."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True)
class Call:
    """A request to a provider. Its headers, address and body hold a key, so it never shows them."""

    slug: str
    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes = field(repr=False)


def send_call(call: Call, *, hosts: frozenset[str]) -> Answer:
    """Make one call. Raises Unanswered; a redirect is none of ours to follow."""
    scheme, host, port, target = _destination(call, hosts)
    address = _public_address(host, port) if scheme == "https" else host
    connection = _connection(scheme, host, port, address)
    overtime = threading.Timer(ANSWER_SECONDS, lambda: None)
    try:
        connection.connect()
        # Time-outs of a socket count from byte to byte: this one ends even the slowest drip.
        overtime = threading.Timer(ANSWER_SECONDS, _cut, [connection.sock])
        overtime.daemon = True
        overtime.start()
        connection.request(call.method, target, body=call.body, headers=dict(call.headers))
        return _answer(connection)
    except TimeoutError:
        raise Unanswered("timeout") from None
    except (OSError, http.client.HTTPException, ValueError):
        # Without the cause: it may quote the address, and so a key.
        raise Unanswered("connection") from None
    finally:
        overtime.cancel()
        connection.close()


def _destination(call: Call, hosts: frozenset[str]) -> tuple[str, str, int, str]:
    parts = urlsplit(call.url)
    if parts.scheme != "https" or parts.hostname not in hosts or parts.port or "@" in parts.netloc:
        raise Unanswered("not_allowed")
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    if not settings.SANDBOX_URL:
        return "https", parts.hostname, 443, target
    sandbox = urlsplit(settings.SANDBOX_URL)
    if sandbox.hostname not in ("127.0.0.1", "localhost", "::1"):
        # A stand-in somewhere else would be sent people's keys in the open.
        raise Unanswered("not_allowed")
    return "http", str(sandbox.hostname), sandbox.port or 80, f"/providers/{call.slug}{target}"


def is_public(text: str) -> bool:
    """Whether an address is one of the internet at large, however it is written."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo:
            return False
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast and not address.is_reserved


def _public_address(host: str, port: int) -> str:
    """The address to connect to; if any that the name has is not public, none is taken."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise Unanswered("unresolved") from None
    addresses = [str(info[4][0]) for info in found]
    if not addresses or not all(map(is_public, addresses)):
        raise Unanswered("not_public")
    return addresses[0]


class _Pinned(http.client.HTTPSConnection):
    """TLS to one address, with the certificate of the host that it stands for."""

    def __init__(self, host: str, port: int, *, address: str) -> None:
        self.context = ssl.create_default_context()
        super().__init__(host, port, timeout=CONNECT_SECONDS, context=self.context)
        self.address = address

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.port), timeout=CONNECT_SECONDS)
        self.sock = self.context.wrap_socket(plain, server_hostname=self.host)


def _connection(scheme: str, host: str, port: int, address: str) -> http.client.HTTPConnection:
    if scheme == "https":
        return _Pinned(host, port, address=address)
    return http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _answer(connection: http.client.HTTPConnection) -> Answer:
    until = time.monotonic() + ANSWER_SECONDS
    response = connection.getresponse()
    if 300 <= response.status < 400:
        raise Unanswered("redirect")
    body = b""
    while chunk := response.read(CHUNK):
        body += chunk
        if len(body) > MOST_BYTES:
            raise Unanswered("too_large")
        if time.monotonic() > until:
            raise Unanswered("timeout")
    return Answer(response.status, body)
