"""The one log of `make run`: a labelled line per event, in colour on a terminal."""

import os
import sys
from pathlib import Path
from typing import BinaryIO

LARGEST_LOG_BYTES = 10_000_000
_COLOURS = {"web": 36, "worker": 32, "scheduler": 34, "sandbox": 35, "setup": 33, "surplus": 1}
_WIDTH = max(len(name) for name in _COLOURS)


class Console:
    """Writes to standard output, and each part's lines to `<directory>/<part>.log` too."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[str, BinaryIO] = {}
        self._colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        # A terminal that cannot show a character shows a question mark; nothing fails over it.
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")

    def line(self, label: str, text: str) -> None:
        if not text.strip():
            return
        self._file(label).write(text.encode("utf-8", "replace") + b"\n")
        prefix = f"{label:<{_WIDTH}} | "
        if self._colours:
            prefix = f"\033[{_COLOURS.get(label, 37)}m{prefix}\033[0m"
        self._print(prefix + text)

    def box(self, lines: list[str]) -> None:
        width = max(len(line) for line in lines) + 2
        edge = "─" * width
        self._print("\n".join([f"┌{edge}┐", *(f"│ {line:<{width - 1}}│" for line in lines)]))
        self._print(f"└{edge}┘")

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _print(self, text: str) -> None:
        try:
            print(text, flush=True)
        except OSError:
            # Whoever read this is gone (`make run | head`); the files still have it all.
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (for the rest of the run)

    def _file(self, label: str) -> BinaryIO:
        if label not in self._files:
            self._directory.mkdir(parents=True, exist_ok=True)
            path = self._directory / f"{label}.log"
            if path.exists() and path.stat().st_size > LARGEST_LOG_BYTES:
                path.replace(path.with_suffix(".log.old"))
            self._files[label] = path.open("ab", buffering=0)
        return self._files[label]
