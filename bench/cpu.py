"""Processor time and memory, from the kernel's books (Linux)."""

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
        return sum(row.ticks for row in self._rows().values()) / _TICKS

    def peak_mib(self) -> float:
        """The most memory that one of these processes ever held, in MiB."""
        peaks = (_peak_kib(pid) for pid in self._rows())
        return max(peaks, default=0) / 1024

    def _rows(self) -> "dict[int, _Row]":
        table, wanted, found = _table(), [self.root], dict[int, _Row]()
        while wanted:
            pid = wanted.pop()
            if pid in table:
                found[pid] = table[pid]
                wanted += [child for child, row in table.items() if row.parent == pid]
        return found


@dataclass(frozen=True)
class _Row:
    parent: int
    ticks: int


def _peak_kib(pid: int) -> int:
    try:
        status = (Path("/proc") / str(pid) / "status").read_text()
    except OSError:
        return 0
    return int(status.partition("VmHWM:")[2].split()[0])


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
