"""Medians, spreads and tables."""

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).parent / "results"


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values: Iterable[float]) -> dict[str, float]:
    """The median of the rounds, and the least and the greatest."""
    found = sorted(values)
    return {"median": median(found), "least": found[0], "greatest": found[-1]}


def ratios(over: Sequence[float], floor: Sequence[float]) -> dict[str, float]:
    """Round by round, so that what slows the machine down slows both sides of a ratio."""
    return spread(one / other for one, other in zip(over, floor, strict=True))


def said(figure: Mapping[str, float], digits: int = 1) -> str:
    """A median with its spread, as in `3.1 (2.9–3.4)`."""
    least, greatest = figure["least"], figure["greatest"]
    return f"{figure['median']:,.{digits}f} ({least:,.{digits}f}–{greatest:,.{digits}f})"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table that also reads well on a screen: the first column left, others right."""
    widths = [max(len(row[n]) for row in [heads, *rows]) for n in range(len(heads))]
    lines = [[text.rjust(width) for text, width in zip(row, widths, strict=True)] for row in rows]
    for line, row in zip(lines, rows, strict=True):
        line[0] = row[0].ljust(widths[0])
    head = [text.ljust(width) for text, width in zip(heads, widths, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *lines])


def machine() -> dict[str, Any]:
    """Where and on what it was measured."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=RESULTS.parent,
        capture_output=True,
        text=True,
    )
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def keep(name: str, result: Mapping[str, Any]) -> None:
    """Write `bench/results/<name>.json`."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
