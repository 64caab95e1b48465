"""Which calls inside a transaction reach the network or start a task, however deep.

Calls are followed by name through functions of our modules. A lambda or function handed to
`on_commit` runs after the transaction, so nested functions do not count.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.architecture.source import Function, Module

# Modules and objects whose calls leave the process.
NETWORK = {"requests", "httpx", "urllib.request", "http.client", "smtplib", "socket", "stripe"}
NETWORK_FACTORIES = {"processor"}
COMPUTED = {"processor.earliest_expiry"}  # the adapter answers from what it knows
SENDING = {"send", "send_mail", "urlopen"}
TASKS = {"delay", "apply_async", "send_task"}


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an expression; a call on the way, as in `processor().send`, reads `processor`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def leaves(name: str) -> bool:
    """True for a call that by its own name talks to the outside or starts a task."""
    if name in COMPUTED:
        return False
    first, last = name.split(".", 1)[0], name.rsplit(".", 1)[-1]
    by_module = any(name == module or name.startswith(f"{module}.") for module in NETWORK)
    by_kind = last in TASKS | SENDING or (first in NETWORK_FACTORIES and "." in name)
    return by_kind or (by_module and not last[0].isupper())


def calls(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every call in `nodes`, nested functions left out."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (*Function.__args__, ast.Lambda, ast.ClassDef)):
            continue
        if isinstance(node, ast.Call):
            yield node.lineno, dotted(node.func)
        waiting.extend(ast.iter_child_nodes(node))


def is_atomic(node: ast.expr) -> bool:
    return dotted(node).rsplit(".", 1)[-1] == "atomic"


def atomic_bodies(module: Module) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.With) and any(is_atomic(item.context_expr) for item in node.items):
            yield node.body
        if isinstance(node, Function) and any(map(is_atomic, node.decorator_list)):
            yield node.body


@dataclass
class Names:
    """What the names of one module mean elsewhere."""

    module: Module
    imported: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in ast.walk(self.module.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def full(self, name: str) -> str:
        first, _, rest = name.partition(".")
        found = self.imported.get(first, f"{self.module.name}.{first}")
        return f"{found}.{rest}" if rest else found


def reaching(modules: Iterable[Module]) -> set[str]:
    """Full names of the functions that, directly or through others, leave the process."""
    calling: dict[str, set[str]] = {}
    reached = set()
    for module in modules:
        names = Names(module)
        for function in module.tree.body:
            if isinstance(function, Function):
                full = f"{module.name}.{function.name}"
                called = [name for _, name in calls(function.body)]
                calling[full] = {names.full(name) for name in called}
                if any(map(leaves, called)):
                    reached.add(full)
    while more := {name for name, called in calling.items() if called & reached} - reached:
        reached |= more
    return reached


def violations(modules: Iterable[Module]) -> list[str]:
    modules = list(modules)
    reached = reaching(modules)
    return sorted(
        {
            f"{module.name}:{line} calls {name} inside a transaction"
            for module in modules
            for body in atomic_bodies(module)
            for line, name in calls(body)
            if leaves(name) or Names(module).full(name) in reached
        }
    )
