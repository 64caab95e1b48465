"""The pytest session in which mutants are tried: everything is imported and migrated once.

First every test runs once, to know which lines it reaches and how long it takes. Then each change
is tried in a process of its own, forked from this one, by the tests that reach its line.
"""

import json
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from coverage import Coverage
from django.db import connections

from payments.processor import processor
from tests.emptying import empty_tables
from tests.mutants import changes
from tests.mutants.swap import Module

# A change that outlives so much of the tests that reach it has survived.
BUDGET_SECONDS = 15.0
SLOWEST_SECONDS = 4.0
KEPT = Path(".cache/mutants.json")


class _SessionOnly:
    """As the next test: all but what the whole session shares is put away."""

    def __init__(self, session: pytest.Session) -> None:
        self.session = session

    def listchain(self) -> list[Any]:
        return [self.session]


@dataclass
class Reach:
    """What one test reaches: line numbers by module; and what it costs."""

    seconds: float
    lines: dict[str, list[int]]
    source: str


@dataclass
class Runner:
    """A pytest plugin that runs its own loop."""

    root: Path
    modules: Sequence[str]
    # Of which it is known what reaches them; all of `modules` are among them.
    known_modules: Sequence[str]
    coverage: Coverage
    words: Sequence[str] = ()
    again: bool = False
    fresh: bool = False
    only_coverage: bool = False
    budget: float = BUDGET_SECONDS
    kept: dict[str, Any] = field(default_factory=dict)
    killers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    reach: dict[str, Reach] = field(default_factory=dict)
    status: int = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = {item.nodeid: item for item in session.items}
        self.nothing = _SessionOnly(session)
        file = self.root / KEPT
        if file.exists() and not self.fresh:
            self.kept = json.loads(file.read_text())
        file.parent.mkdir(exist_ok=True)
        self._warm_up()
        self._learn()
        file.write_text(json.dumps(self.kept))
        if not self.only_coverage:
            self._connections_closed()
            self._hunt()
        file.write_text(json.dumps(self.kept))
        return True

    def _warm_up(self) -> None:
        """What the whole session shares is made here, once, and not in each process."""
        for shared in ("db", "sandbox"):
            users = (one for one in self.items.values() if shared in one.fixturenames)  # type: ignore[attr-defined]
            if item := next(users, None):
                self._passes(item)

    def _learn(self) -> None:
        """Run every test that changed since the last time, and see what it reaches."""
        sources = {path: _digest(self.root / path) for path in self.known_modules}
        known = self.kept.setdefault("reach", {})
        if self.kept.get("sources") != sources or self.only_coverage:
            known.clear()
        self.kept["sources"] = sources
        files = {str(item.path): _digest(item.path) for item in self.items.values()}
        new = [
            (name, item)
            for name, item in self.items.items()
            if known.get(name, {}).get("source") != files[str(item.path)]
        ]
        for number, (name, item) in enumerate(new, 1):
            known[name] = self._measured(name, item, files[str(item.path)])
            if number % 10 == 0:
                print(f"seen what {number} of {len(new)} tests reach", flush=True)
        self.coverage.stop()
        self._add_lines(known)
        self.reach = {name: Reach(**known[name]) for name in known if name in self.items}

    def _measured(self, name: str, item: pytest.Item, digest: str) -> dict[str, Any]:
        # Of the processor: else a machine that is busy would lose the slower tests.
        begun = time.process_time()
        self.coverage.switch_context(name)
        passed = self._passes(item)
        self.coverage.switch_context("")
        if not passed:
            print(f"fails by itself, so it is left out: {name}", flush=True)
            return {"seconds": 999.0, "lines": {}, "source": digest}
        return {"seconds": time.process_time() - begun, "lines": None, "source": digest}

    def _add_lines(self, known: dict[str, Any]) -> None:
        data = self.coverage.get_data()
        reached: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for path in self.known_modules:
            for line, names in data.contexts_by_lineno(str(self.root / path)).items():
                for name in names:
                    reached[name][path].append(line)
        for name, row in known.items():
            if row["lines"] is None:
                row["lines"] = reached[name]

    def _passes(self, item: pytest.Item) -> bool:
        reports = runtestprotocol(item, log=False, nextitem=self.nothing)  # type: ignore[arg-type]
        return not any(report.failed for report in reports)

    def _connections_closed(self) -> None:
        # Two processes must not speak on one connection.
        connections.close_all()
        processor.cache_clear()

    def _hunt(self) -> None:
        results = self.kept.setdefault("results", {})
        killers: set[str] = set()
        for path in self.modules:
            tree, found = changes.of(path, self.root)
            module = Module(path, tree, self.root)
            if self.words:
                found = [one for one in found if any(word in one.where for word in self.words)]
            names = _numbered(found)
            if not self.again and not self.words:
                stale = [name for name in results if name.startswith(f"{path} ")]
                for name in stale:
                    del results[name]
            for name, change in zip(names, found, strict=True):
                if self.again and results.get(name) is True:
                    continue
                killer = self._tried(module, change)
                results[name] = bool(killer)
                if killer:
                    killers.add(killer)
                else:
                    print(f"SURVIVES {change.line}: {name}", flush=True)
            own = {name: results[name] for name in names if name in results}
            dead = sum(own.values())
            share = 100 * dead / len(own) if own else 100.0
            print(f"{path}: {dead} of {len(own)} killed, {share:.1f} %", flush=True)
            (self.root / KEPT).write_text(json.dumps(self.kept))
        self._control(killers)

    def _tried(self, module: Module, change: changes.Change) -> str:
        """The test that notices the change, empty where none does."""
        tests = self._tests_for(change)
        expected = sum(self.reach[name].seconds for name in tests)
        # Generous, for a machine that is busy must not look like a change that never ends.
        killer = self._forked(tests, module, change, limit=60 + 20 * expected)
        if killer == "time":
            print(f"ENDS NEVER {change.line}: {change.name}", flush=True)
            self._forked([], None, None, limit=60)
        elif killer:
            row = self.killers[change.where]
            row[:] = [killer, *[name for name in row if name != killer]][:3]
        return killer

    def _tests_for(self, change: changes.Change) -> list[str]:
        lines = self._lines_of(change)

        def reaches(row: Reach) -> bool:
            return any(line in lines for line in row.lines.get(change.path, []))

        rows = {name: row for name, row in self.reach.items() if reaches(row)}
        quick = sorted(
            (name for name in rows if rows[name].seconds < SLOWEST_SECONDS),
            key=lambda name: (
                name not in self.killers[change.where],
                # What a transaction is for, only a test with its own can notice.
                "transaction" in change.what and not self._is_on_its_own(name),
                rows[name].seconds,
            ),
        )
        chosen, spent = [], 0.0
        for name in quick:
            spent += rows[name].seconds
            if spent > self.budget and len(chosen) > 3:
                break
            chosen.append(name)
        return chosen

    def _lines_of(self, change: changes.Change) -> Container[int]:
        """The lines of which a test must reach one, to notice the change."""
        if change.how in ("top", "defaults"):
            return range(1, sys.maxsize)
        if change.how == "atomic":
            # Its own line runs only when the module is imported.
            return range(change.line + 2, change.holder.end_lineno + 1)
        reached = {line for row in self.reach.values() for line in row.lines.get(change.path, [])}
        # What is constant has no line of its own in a statement of several.
        return {max((line for line in reached if line <= change.line), default=0)}

    def _is_on_its_own(self, name: str) -> bool:
        """Whether a test is not inside a transaction that is rolled back."""
        item = self.items[name]
        marker = item.get_closest_marker("django_db")
        return "transactional_db" in item.fixturenames or bool(  # type: ignore[attr-defined]
            marker and marker.kwargs.get("transaction")
        )

    def _forked(
        self,
        tests: Iterable[str],
        module: Module | None,
        change: changes.Change | None,
        *,
        limit: float,
    ) -> str:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._child(tests, module, change, writing)
        os.close(writing)
        deadline, killer = time.monotonic() + limit, ""
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                killer = "time"
                break
            time.sleep(0.01)
        with os.fdopen(reading) as answer:
            return answer.read() or killer

    def _child(
        self, tests: Iterable[str], module: Module | None, change: changes.Change | None, out: int
    ) -> None:
        os.setpgid(0, 0)
        silent = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(silent, number)
        killer = ""
        try:
            if not tests and not change:
                with self._database():
                    empty_tables()
            if module and change:
                module.change(change)
            for killer in tests:
                if not self._passes(self.items[killer]):
                    break
            else:
                killer = ""
        except BaseException as error:
            killer = killer or f"{type(error).__name__} at once"
        os.write(out, killer.encode())
        os._exit(0)

    def _database(self) -> Any:
        from pytest_django.plugin import blocking_manager_key

        return self.items[next(iter(self.items))].config.stash[blocking_manager_key].unblock()

    def _control(self, killers: set[str]) -> None:
        """Those that noticed a change must pass without one."""
        tests = sorted(name for name in killers if name in self.items)
        wrong = self._forked(tests, None, None, limit=900) if tests else ""
        print(
            f"Without a change, the {len(tests)} tests that noticed one pass: {not wrong} {wrong}"
        )
        self.status = int(bool(wrong))


def _numbered(found: Sequence[changes.Change]) -> list[str]:
    seen: dict[str, int] = defaultdict(int)
    names = []
    for change in found:
        seen[change.name] += 1
        names.append(f"{change.name} #{seen[change.name]}")
    return names


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:16]
