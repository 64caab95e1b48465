"""The project's own source, parsed once."""

import ast
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from marketplace.local.environment import ROOT

APPS = ("accounts", "payments", "providers", "listings", "orders", "marketplace")
OURS = (*APPS, "sandbox", "simulator", "tests", "bench", "templates", "static")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file: its dotted name and its tree."""

    name: str
    tree: ast.Module

    @classmethod
    def parse(cls, name: str, text: str) -> "Module":
        # In a thread of its own: Python 3.11 miscounts its recursion where a library has changed
        # the limit in this one (SystemError, "AST constructor recursion depth mismatch").
        with ThreadPoolExecutor(1) as fresh:
            return cls(name, fresh.submit(ast.parse, text).result())

    def functions(self) -> Iterator[Function]:
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node


def files(*suffixes: str) -> list[Path]:
    """Our files with these suffixes, migrations and vendored files excepted."""
    found = [path for folder in OURS for path in sorted((ROOT / folder).rglob("*"))]
    found += sorted(ROOT.glob("*.py"))
    return [
        path
        for path in found
        if path.suffix in suffixes and not {"migrations", "vendor"} & set(path.parts)
    ]


@cache
def modules() -> tuple[Module, ...]:
    return tuple(
        Module.parse(".".join(path.relative_to(ROOT).with_suffix("").parts), path.read_text())
        for path in files(".py")
    )
