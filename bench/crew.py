"""Several processes that do the same work at the same time, each with its own connections."""

from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Crew:
    """Processes that stay, so that a round measures the work and not the start."""

    def __init__(self, count: int) -> None:
        context = get_context("spawn")
        self._pipes: list[Connection] = []
        self._members = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            member = context.Process(target=_serve, args=(theirs,), daemon=True)
            member.start()
            theirs.close()
            self._pipes.append(ours)
            self._members.append(member)
        for pipe in self._pipes:
            assert pipe.recv() == "ready"

    @property
    def size(self) -> int:
        return len(self._members)

    def run(self, act: Callable[[Any], T], errands: Sequence[Any]) -> list[T]:
        """`act` on each errand, one per process, all at once. Raises what any of them raised."""
        for pipe, errand in zip(self._pipes, errands, strict=True):
            pipe.send((act, errand))
        results = [pipe.recv() for pipe in self._pipes]
        for result in results:
            if isinstance(result, Exception):
                raise result
        return results

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in self._pipes:
            pipe.close()
        for member in self._members:
            member.join(10)
            if member.is_alive():
                member.kill()


def _serve(pipe: Connection) -> None:
    import django

    django.setup()
    pipe.send("ready")
    while True:
        try:
            act, errand = pipe.recv()
        except EOFError:  # the one who asks has ended
            return
        try:
            result = act(errand)
        except Exception as error:
            result = error
        pipe.send(result)
