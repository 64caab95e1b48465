"""`make bench`: measure everything, print tables, keep the figures in `bench/results/`."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

PARTS = ("pages", "guesses", "checkout", "settlement", "batches", "placing")
WAYS = ("sign in", "sign up", "reset", "code by mail")
# A million offers or orders take minutes to load, so these are measured only when asked for.
GROWTH, CONSOLE = "growth", "console"


def main() -> int:
    """Run what is asked for; all but what grows where nothing is."""
    asked = _arguments().parse_args()
    asked.what = set(PARTS) if "all" in asked.what else set(asked.what)
    if not Path("/proc/self/stat").exists():
        raise SystemExit("The benchmarks read processor time from /proc: run them on Linux.")
    # So that whatever was started is stopped, and the folder removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    begun = time.monotonic()
    from bench import figures, stage

    about = figures.machine()
    with stage.servers(console=CONSOLE in asked.what) as (home, database):
        # Only now are the settings known, so only now can what needs them be imported.
        from bench import goods

        sellers, buyers = goods.sellers(), goods.buyers()
        if asked.what - {GROWTH, CONSOLE}:
            goods.offers(asked.listings)
        about |= {"database": _version(), "listings": asked.listings, "rounds": asked.rounds}
        if "pages" in asked.what:
            with stage.both(home, database) as running:
                _pages(running, asked, about, sellers=sellers, buyers=buyers)
        if "guesses" in asked.what:
            with stage.web(home, stage.OPEN_SETTINGS, port=stage.free_port()) as site:
                _guesses(site.port, asked, about, known=buyers)
        if GROWTH in asked.what:
            with stage.both(home, database) as running:
                from bench import growth

                _by_size(growth, GROWTH, running, asked, about)
        if CONSOLE in asked.what:
            with stage.both(home, database) as running:
                from bench import console

                _by_size(console, CONSOLE, running, asked, about)
        if {"placing", "batches"} & asked.what:
            _by_ledger(home, asked, about, sellers=sellers, buyers=buyers)
        if {"checkout", "settlement"} & asked.what:
            _trades(asked, about, sellers=sellers, buyers=buyers)
        # The crowd is rows to be found, no ledger that adds up.
        if CONSOLE not in asked.what:
            _audit()
    print(
        f"Measured in {time.monotonic() - begun:.0f} s; load {os.getloadavg()[0]:.1f} now, "
        f"{about['load_before']} before."
    )
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("what", nargs="*", choices=("all", *PARTS, GROWTH, CONSOLE), default="all")
    parser.add_argument("--listings", type=int, default=10_000)
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=[10_000, 100_000, 1_000_000],
        help="of growth and console",
    )
    parser.add_argument(
        "--postings", type=int, nargs="+", default=[0], help="before placing and batches"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2, help="per page or way and round")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--count", type=int, default=20, help="settlements per process and round")
    parser.add_argument("--tries", type=int, default=200, help="to guess who has an account")
    parser.add_argument("--ways", nargs="+", default=WAYS, choices=WAYS, help="of guesses")
    return parser


def _pages(running: Any, asked: Any, about: dict[str, Any], *, sellers: Any, buyers: Any) -> None:
    from bench import figures, goods, pages, settlements
    from orders.models import Order

    (listing,) = goods.uniform(1, of=sellers, lots=10)
    order = Order.objects.get(pk=settlements.sent(listing, buyers[-1]).order)
    found = pages.targets(running, provider=goods.widest_provider(), order=order)
    pages.measure(
        running,
        found,
        rounds=asked.rounds,
        seconds=asked.seconds,
        connections=asked.connections,
    )
    result = pages.report(found)
    figures.keep("pages", about | result)
    print(f"\n{pages.tables(result)}")


def _guesses(port: int, asked: Any, about: dict[str, Any], *, known: Any) -> None:
    from bench import figures, guesses

    def ask(path: str, email: str) -> float:
        return guesses.answered_after(port, path, email)

    mailboxes = guesses.with_accounts(known[: asked.tries + guesses.WARM_TRIES])
    result = guesses.measure(ask, known=mailboxes, tries=asked.tries, ways=asked.ways)
    figures.keep("guesses", about | result)
    print(f"\n{guesses.table(result)}")


def _by_size(part: Any, name: str, running: Any, asked: Any, about: dict[str, Any]) -> None:
    """`growth` or `console`: the same pages at several sizes."""
    from bench import figures

    result = part.measured(
        running,
        asked.sizes,
        rounds=asked.rounds,
        seconds=asked.seconds,
        connections=asked.connections,
    )
    figures.keep(name, about | result)
    print(f"\n{part.table(result)}")


def _trades(asked: Any, about: dict[str, Any], *, sellers: Any, buyers: Any) -> None:
    from bench import figures, purchases, settlements
    from bench.crew import Crew

    with Crew(asked.processes) as crew:
        if "checkout" in asked.what:
            result = purchases.measure(
                crew, seller=sellers[0], buyers=buyers, rounds=asked.rounds, seconds=asked.seconds
            )
            figures.keep("checkout", about | result)
            print(f"\n{purchases.tables(result, what='orders')}")
        if "settlement" in asked.what:
            result = settlements.measure(
                crew, sellers=sellers, buyers=buyers, rounds=asked.rounds, count=asked.count
            )
            figures.keep("settlement", about | result)
            print(f"\n{purchases.tables(result, what='confirmations')}")


def _by_ledger(home: Path, asked: Any, about: dict[str, Any], *, sellers: Any, buyers: Any) -> None:
    """Orders over HTTP and batches, at each size of the ledger."""
    from bench import batches, figures, ledger, placing, stage

    found: dict[str, dict[int, Any]] = {part: {} for part in ("placing", "batches")}
    if "batches" in asked.what:
        batches.prepare(sellers, buyers)
    ready = placing.prepare(home, sellers, buyers)
    with (
        stage.web(home, stage.STOPPING_SETTINGS, port=stage.free_port()) as product,
        stage.web(home, stage.FLOOR_SETTINGS, port=stage.free_port()) as floor,
    ):
        for size in asked.postings:
            ledger.fill(size)
            if "placing" in asked.what:
                found["placing"][size] = placing.measure(
                    product, floor, ready, rounds=asked.rounds, seconds=asked.seconds
                )
            if "batches" in asked.what:
                found["batches"][size] = batches.measure(3 * asked.rounds)
    ledger.forget()
    for name, part in (("placing", placing), ("batches", batches)):
        if name in asked.what:
            figures.keep(name, about | {"postings": found[name]})
            print(f"\n{part.table(found[name])}")


def _audit() -> None:
    from marketplace import ledger_audit

    found = [str(violation["invariant"]) for violation in ledger_audit.violations()]
    print(f"\nThe ledger audit of all this finds: {'; '.join(found) or 'nothing wrong'}.")


def _version() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0]}"


if __name__ == "__main__":
    sys.exit(main())
