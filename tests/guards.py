"""Every guard of tests/guards.toml is taken out, one at a time, and its tests are seen to fail.

`python -m tests.guards` works on a copy of the last commit and takes some minutes; words after it
choose guards by part of their name. It ends with status 1 where a guard is not missed.
"""

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from marketplace.local.environment import ROOT
from simulator.stage import database_server

SOURCE = Path(__file__).with_name("guards.toml")
LONGEST_SECONDS = 600


@dataclass(frozen=True)
class Guard:
    """Some code of `file`, what is left when it is taken out, and the tests that then fail."""

    name: str
    file: str
    code: str
    tests: list[str]
    without: str = ""

    def stands_once(self, root: Path = ROOT) -> bool:
        """Whether the code is where the list says, and nowhere else in the file."""
        return (root / self.file).read_text().count(self.code) == 1

    def missed(self, copy: Path) -> bool:
        """Take it out of the copy, run its tests there, and put it back."""
        path = copy / self.file
        text = path.read_text()
        path.write_text(text.replace(self.code, self.without))
        try:
            command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "--reuse-db"]
            command += self.tests
            run = subprocess.run(command, cwd=copy, capture_output=True, timeout=LONGEST_SECONDS)
        finally:
            path.write_text(text)
        # 1: tests failed. Anything else says nothing about the guard.
        return run.returncode == 1


def guards(source: Path = SOURCE) -> Iterator[Guard]:
    for name, given in tomllib.loads(source.read_text()).items():
        yield Guard(name=name, **given)


def main(words: list[str]) -> int:
    chosen = [one for one in guards() if not words or any(word in one.name for word in words)]
    kept = 0
    # One database server for all: migrating anew each time would take longer than the tests.
    with tempfile.TemporaryDirectory(prefix="surplus-guards-") as folder, database_server():
        copy = Path(folder) / "copy"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(copy)], check=True)
        for guard in chosen:
            missed = guard.missed(copy)
            kept += not missed
            print(f"{'missed    ' if missed else 'NOT MISSED'}  {guard.name}", flush=True)
    print(f"{len(chosen) - kept} of {len(chosen)} guards are missed by their tests.")
    return int(kept > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
