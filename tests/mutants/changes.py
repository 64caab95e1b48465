"""Small changes to a module, each of which a test should notice.

Not changed: what people read (strings with a space), logging, annotations, docstrings, imports,
and columns and the like in class bodies.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
SKIPPED_FIELDS = {"annotation", "returns", "decorator_list", "type_params", "ctx", "bases"}


@dataclass(frozen=True)
class Change:
    """One node of a module's tree, and what stands there instead."""

    path: str
    line: int
    where: str
    what: str
    # How it is brought into a running process: "body", "defaults", "atomic" or "top".
    how: str
    holder: Any
    field: str
    place: int | None
    instead: Any

    @property
    def name(self) -> str:
        """The same after lines have moved."""
        return f"{self.path} {self.where}: {self.what}"

    def swap(self) -> Any:
        """Put the other node there; returns what was there, to be put back."""
        if self.place is None:
            before = getattr(self.holder, self.field)
            setattr(self.holder, self.field, self.instead)
        else:
            row = getattr(self.holder, self.field)
            before, row[self.place] = row[self.place], self.instead
        return before

    def put_back(self, before: Any) -> None:
        """Undo `swap`."""
        if self.place is None:
            setattr(self.holder, self.field, before)
        else:
            getattr(self.holder, self.field)[self.place] = before


def of(path: str, root: Path) -> tuple[ast.Module, list[Change]]:
    """The tree of a module, and every change to it."""
    tree = ast.parse((root / path).read_text())
    return tree, list(_walk(path, tree, "", "top"))


def _walk(path: str, node: ast.AST, where: str, how: str) -> Iterator[Change]:
    for field, value in ast.iter_fields(node):
        if field in SKIPPED_FIELDS or (isinstance(node, ast.Assert) and field == "msg"):
            continue
        rows = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for place, child in rows:
            if not isinstance(child, ast.AST) or _is_left_alone(child, node):
                continue
            inner, inside = where, how
            if isinstance(child, ast.FunctionDef):
                inner, inside = f"{where}.{child.name}".strip("."), "body"
                yield from _without_transaction(path, child, inner)
            elif isinstance(child, ast.ClassDef):
                inner, inside = f"{where}.{child.name}".strip("."), "class"
            elif isinstance(child, ast.arguments) and isinstance(node, ast.FunctionDef):
                inside = "defaults"
            if inside != "class":
                for instead in _instead(child):
                    what = f"{_text(child)} -> {_text(instead)}"
                    line = getattr(child, "lineno", getattr(node, "lineno", 0))
                    fixed = ast.fix_missing_locations(ast.copy_location(instead, child))
                    yield Change(path, line, inner, what, inside, node, field, place, fixed)
            yield from _walk(path, child, inner, inside)


def _is_left_alone(child: ast.AST, parent: ast.AST) -> bool:
    if isinstance(child, ast.Import | ast.ImportFrom):
        return True
    if isinstance(child, ast.Expr):
        call = child.value
        is_text = isinstance(call, ast.Constant)
        return is_text or (isinstance(call, ast.Call) and _text(call.func).startswith("log."))
    # `__all__`, a logger.
    return isinstance(child, ast.Assign) and _text(child.targets[0]) in ("__all__", "log")


def _without_transaction(path: str, function: ast.FunctionDef, where: str) -> Iterator[Change]:
    for place, decorator in enumerate(function.decorator_list):
        if _text(decorator) == "transaction.atomic":
            what = "@transaction.atomic -> nothing"
            row = "decorator_list"
            yield Change(path, decorator.lineno, where, what, "atomic", function, row, place, None)


def _instead(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in SWAPPED:
            yield _with(node, ops=[SWAPPED[type(op)]()])
        case ast.Compare():
            for number, op in enumerate(node.ops):
                ops = [*node.ops[:number], SWAPPED[type(op)](), *node.ops[number + 1 :]]
                yield _with(node, ops=ops)
        case ast.BoolOp():
            yield _with(node, op=SWAPPED[type(node.op)]())
        case ast.BinOp() if type(node.op) in SWAPPED:
            yield _with(node, op=SWAPPED[type(node.op)]())
        case ast.AugAssign() if type(node.op) in SWAPPED:
            yield _with(node, op=SWAPPED[type(node.op)]())
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield node.operand
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int()):
            yield ast.Constant(node.value + 1)
        case ast.Constant(value=str()) if " " not in node.value:
            yield ast.Constant(f"{node.value}XX")
        case ast.JoinedStr() if not any(" " in _literal(part) for part in node.values):
            for number, part in enumerate(node.values):
                if isinstance(part, ast.FormattedValue):
                    yield _with(node, values=node.values[:number] + node.values[number + 1 :])
        case ast.Call():
            yield from _calls(node)
        case ast.If() | ast.While() | ast.IfExp() if isinstance(
            node.test, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr | ast.BinOp
        ):
            yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
        case ast.Return(value=ast.AST() as value) if _text(value) != "None":
            yield ast.Return(ast.Constant(None))
        case ast.Raise():
            yield ast.Pass()
        case ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.With() if [_text(item.context_expr) for item in node.items] == [
            "transaction.atomic()"
        ]:
            yield ast.If(ast.Constant(True), node.body, [])


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    """Without each named argument, and with None for each other."""
    for number, keyword in enumerate(node.keywords):
        if keyword.arg:
            yield _with(node, keywords=node.keywords[:number] + node.keywords[number + 1 :])
    for number, argument in enumerate(node.args):
        if not isinstance(argument, ast.Starred | ast.Constant | ast.GeneratorExp):
            args = [*node.args[:number], ast.Constant(None), *node.args[number + 1 :]]
            yield _with(node, args=args)


def _with(node: ast.AST, **fields: Any) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _literal(part: ast.AST) -> str:
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.If | ast.While):
        return f"if {ast.unparse(node.test)}"
    if isinstance(node, ast.With):
        return "with " + ", ".join(ast.unparse(item) for item in node.items)
    return " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
