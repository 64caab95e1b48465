"""The load: a few connections that ask for one page again and again, and keep the times."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import repeat


class Failed(Exception):
    """The page did not answer as it should."""


@dataclass
class Load:
    """What came of it: the time of each answer, and what asking itself cost."""

    seconds: list[float] = field(default_factory=list)
    wall_seconds: float = 0.0
    own_cpu_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.wall_seconds


class Connection:
    """One connection, kept open. Raw, since an HTTP library would cost as much as the floor."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> bytes:
        """The body of one answer. Raises Failed unless it is a 200 or 201 of a stated length."""
        self.socket.sendall(request)
        asked = request.split(b" ", 2)[1].decode()
        answer = b""
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._receive()
        head = answer[:end].lower()
        if not head.startswith((b"http/1.1 200", b"http/1.1 201")):
            raise Failed(f"{asked} answered {head[:80]!r}")
        _, found, rest = head.partition(b"\r\ncontent-length:")
        if not found:
            raise Failed(f"{asked} does not say how long its answer is")
        missing = end + 4 + int(rest.split(b"\r\n", 1)[0]) - len(answer)
        pieces = [answer[end + 4 :]]
        while missing > 0:
            pieces.append(self._receive())
            missing -= len(pieces[-1])
        return b"".join(pieces)

    def _receive(self) -> bytes:
        piece = self.socket.recv(65536)
        if not piece:
            raise Failed("the connection was closed")
        return piece

    def close(self) -> None:
        self.socket.close()


def page(port: int, path: str, cookie: str = "") -> bytes:
    """The request for a page."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept: */*"]
    lines += [f"Cookie: {cookie}"] if cookie else []
    return "\r\n".join([*lines, "", ""]).encode()


def body(port: int, path: str, cookie: str = "") -> bytes:
    """One answer."""
    connection = Connection(port)
    try:
        return connection.send(page(port, path, cookie))
    finally:
        connection.close()


def ask(*, port: int, path: str, cookie: str = "", connections: int, seconds: float) -> Load:
    """Ask for `path` over `connections` at once for `seconds`. Raises Failed."""
    request = page(port, path, cookie)
    return send(
        port=port, requests=lambda n: repeat(request), connections=connections, seconds=seconds
    )


def send(
    *, port: int, requests: Callable[[int], Iterator[bytes]], connections: int, seconds: float
) -> Load:
    """Send the requests of each connection, by its number, for `seconds`. Raises Failed."""
    load, failures = Load(), list[Exception]()
    cpu, begun = time.process_time(), time.perf_counter()
    until = begun + seconds

    def run(number: int) -> None:
        try:
            connection, own = Connection(port), requests(number)
            while (asked := time.perf_counter()) < until and not failures:
                connection.send(next(own))
                load.seconds.append(time.perf_counter() - asked)
            connection.close()
        except (Failed, OSError) as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=[number]) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise Failed(str(failures[0]))
    load.wall_seconds = time.perf_counter() - begun
    load.own_cpu_seconds = time.process_time() - cpu
    return load
