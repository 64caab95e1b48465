"""Processor time, from the kernel's books (Linux)."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Tree:
    """A process and all that descend from it."""

    root: int

    def seconds(self) -> float:
        """Processor time so far; that of children who have ended counts with their parent's."""
        table = _table()
        total, wanted = 0, [self.root]
        while wanted:
            pid = wanted.pop()
            if pid in table:
                total += table[pid].ticks
                wanted += [child for child, row in table.items() if row.parent == pid]
        return total / _TICKS


@dataclass(frozen=True)
class _Row:
    parent: int
    ticks: int


def _table() -> dict[int, _Row]:
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            # The name in brackets may hold anything; the fields after it are numbers.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found[int(entry.name)] = _Row(int(fields[1]), sum(int(part) for part in fields[11:15]))
    return found
