"""Bringing a change into a process that has everything imported already.

Functions are held under many names (tables, decorators, other modules), so the function object
stays and gets other code.
"""

import ast
import gc
import importlib
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from django.db.transaction import Atomic

from tests.mutants.changes import Change

Key = tuple[int, str]


class Module:
    """One module of the product, as it runs here, and the tree of its source."""

    def __init__(self, path: str, tree: ast.Module, root: Path) -> None:
        self.tree, self.file = tree, str(root / path)
        self.module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
        self.functions: dict[Key, list[FunctionType]] = defaultdict(list)
        # What is imported is left out of the search for garbage, and so of this (`memory.settle`).
        gc.unfreeze()
        for found in gc.get_objects():
            if type(found) is FunctionType and found.__code__.co_filename == self.file:
                code = found.__code__
                self.functions[code.co_firstlineno, code.co_qualname].append(found)
        assert self.functions, f"no change to {path} would be one"

    def change(self, change: Change) -> None:
        """From now on the process behaves as if the module had been written so."""
        if change.how == "atomic":
            self._without_transaction(change)
            return
        change.swap()
        if change.how == "top":
            self._assign()
            return
        for code in _codes(compile(self.tree, self.file, "exec")):
            for function in self.functions[code.co_firstlineno, code.co_qualname]:
                function.__code__ = code
        if change.how == "defaults":
            self._set_defaults(change)

    def _without_transaction(self, change: Change) -> None:
        """`with` nothing instead of the transaction that a decorator opens."""
        wrapper = getattr(self.module, change.where)
        for cell in wrapper.__closure__:
            if isinstance(cell.cell_contents, Atomic):
                cell.cell_contents._recreate_cm = nullcontext

    def _set_defaults(self, change: Change) -> None:
        name = change.where.rpartition(".")[2]
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                bare = ast.FunctionDef(
                    name=name, args=node.args, body=[ast.Pass()], decorator_list=[]
                )
                fresh = self._run(ast.fix_missing_locations(ast.copy_location(bare, node)))[name]
                for (_, qualname), functions in self.functions.items():
                    if qualname == change.where:
                        for function in functions:
                            function.__defaults__ = fresh.__defaults__
                            function.__kwdefaults__ = fresh.__kwdefaults__

    def _assign(self) -> None:
        """Work out every constant again, and hand the new ones to whoever imported the old."""
        for statement in self.tree.body:
            if not isinstance(statement, ast.Assign | ast.AnnAssign) or not statement.value:
                continue
            before = dict(vars(self.module))
            for name, value in self._run(statement).items():
                if name in before and value is not before[name]:
                    for module in _ours():
                        if vars(module).get(name) is before[name]:
                            setattr(module, name, value)

    def _run(self, statement: ast.stmt) -> dict[str, Any]:
        scope = dict(vars(self.module))
        exec(compile(ast.Module([statement], []), self.file, "exec"), scope)
        scope.pop("__builtins__")
        return scope


def _ours() -> Iterator[ModuleType]:
    ours = ("accounts", "payments", "providers", "listings", "orders", "marketplace", "tests")
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ours:
            yield module


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
