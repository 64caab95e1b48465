"""`python -m tests.mutants [module ...]`: are the modules that move money right, or only run?

Each gets hundreds of small changes, one at a time, and the tests that reach the line must notice.
Options: `--coverage` only says which lines and branches no test reaches; `--again` tries only what
survived the last time; `--in=words` only functions of that name; `--fresh` forgets what is known;
`--tests=path,path` has these tests try too; `--budget=5` gives each change so many seconds of them.
"""

import os
import sys

import coverage
import pytest

from marketplace.local.environment import ROOT

MODULES = (
    "payments/money.py",
    "payments/ledger.py",
    "payments/escrow.py",
    "payments/instructions.py",
    "payments/effects.py",
    "payments/collection.py",
    "payments/chargebacks.py",
    "payments/recovery.py",
    "payments/returns.py",
    "payments/give_backs.py",
    "payments/payouts.py",
    "payments/payout_plans.py",
    "payments/reserve.py",
    "accounts/machines.py",
    "orders/progress.py",
    "orders/settling.py",
    "orders/batches.py",
    "orders/completion.py",
    "orders/cancellation.py",
    "orders/deadlines.py",
)
TESTS = (
    "tests/money",
    "tests/orders/test_batches.py",
    "tests/marketplace/test_poison.py",
    "tests/payments/test_payout_plans.py",
    "tests/accounts/test_merged.py",
)


def main(words: list[str]) -> int:
    options = {word for word in words if word.startswith("--")}
    modules = [word for word in words if word not in options] or list(MODULES)
    within, more = _after("--in=", options), _after("--tests=", options)
    os.nice(10)
    files = [str(ROOT / path) for path in MODULES]
    measured = coverage.Coverage(data_file=None, branch=True, include=files)
    measured.start()
    # Only now: what is imported before it begins is not measured.
    from tests.mutants.runner import BUDGET_SECONDS, Runner

    runner = Runner(
        root=ROOT,
        modules=modules,
        known_modules=MODULES,
        coverage=measured,
        words=within,
        again="--again" in options,
        fresh="--fresh" in options,
        only_coverage="--coverage" in options,
        budget=float((_after("--budget=", options) or [str(BUDGET_SECONDS)])[0]),
    )
    quiet = ["-p", "no:cacheprovider", "-p", "no:randomly", "-s", "-q", "--no-header"]
    status = pytest.main([*quiet, *TESTS, *more], plugins=[runner])
    if runner.only_coverage:
        full = measured.report(morfs=[str(ROOT / path) for path in modules], show_missing=True)
        return int(full < 100)
    return runner.status or int(status)


def _after(name: str, options: set[str]) -> list[str]:
    found = [option.removeprefix(name) for option in options if option.startswith(name)]
    return [word for words in found for word in words.split(",")]


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
