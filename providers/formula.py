"""Formulas over a provider's answer, such as ``$.data.total_credits - $.data.total_usage``.

A formula is data of the catalogue, so it can do nothing but find figures and add, subtract,
multiply and divide them, in decimal arithmetic. A path that finds nothing, or not exactly one
figure, is an error: what is not there is never taken for zero.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<path>\$(?:\.[A-Za-z_]\w*|\[\*\]|\[\d+\]"
    r"|\[\?\(@\.\w+=='[^']*'\)\])*)|(?P<sum>sum\b)|(?P<mark>[-+*/()]))"
)
STEP = re.compile(r"\.(\w+)|\[(\*)\]|\[(\d+)\]|\[\?\(@\.(\w+)=='([^']*)'\)\]")
FIGURE = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][-+]?\d{1,2})?\Z")
DEEPEST, MOST_DIGITS = 40, 30


class FormulaError(ValueError):
    """The formula itself makes no sense: a mistake in the catalogue."""


class Unreadable(Exception):
    """The answer does not hold what the formula asks for."""


def parse_answer(text: bytes | str) -> Any:
    """A JSON document with every number exact. Raises Unreadable."""
    try:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_constant)
    except (ValueError, ArithmeticError, RecursionError):
        raise Unreadable("the answer is not JSON") from None


def _no_constant(name: str) -> Decimal:
    raise ValueError(f"{name} is no number")


def figure_of(value: Any) -> Decimal:
    """A number, or a text that is one, of a size that money has. Raises Unreadable."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise Unreadable("a figure is missing")
    if not FIGURE.match(str(value)):
        raise Unreadable("a figure is not a number")
    figure = Decimal(str(value))
    if figure.adjusted() > MOST_DIGITS:
        raise Unreadable("a figure is too large")
    return figure


def find(path: str, document: Any) -> list[Any]:
    """Everything that a path such as ``$.credits[*].creditId`` leads to."""
    found = [document]
    for name, star, index, key, wanted in STEP.findall(path.strip()):
        found = [
            deeper
            for value in found
            for deeper in _step(value, name=name, star=star, index=index, key=key, wanted=wanted)
        ]
    return found


def find_one(path: str, document: Any) -> Any:
    """The one thing that a path leads to. Raises Unreadable."""
    found = find(path, document)
    if len(found) != 1:
        raise Unreadable(f"{path} was found {len(found)} times")
    return found[0]


def _step(value: Any, *, name: str, star: str, index: str, key: str, wanted: str) -> Iterator[Any]:
    if name:
        if isinstance(value, dict) and name in value:
            yield value[name]
    elif not isinstance(value, list):
        raise Unreadable("a list is missing")
    elif star:
        yield from value
    elif index:
        yield from value[int(index) : int(index) + 1]
    else:
        yield from (row for row in value if isinstance(row, dict) and row.get(key) == wanted)


@dataclass
class Formula:
    """A formula, read once; `evaluate` applies it to an answer."""

    text: str
    _tokens: list[tuple[str, str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._tokens = list(_tokens(self.text))
        parser = _Parser(self._tokens)
        self._tree = parser.sum_of_products()
        parser.end()

    def evaluate(self, document: Any) -> Decimal:
        """The figure in this answer. Raises Unreadable."""
        try:
            return _value(self._tree, document)
        except ArithmeticError:
            raise Unreadable("the figures cannot be computed") from None


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, text = 0, text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise FormulaError(f"cannot read {text[at:]!r}")
        at = match.end()
        yield str(match.lastgroup), str(match.group(str(match.lastgroup)))


class _Parser:
    """Reads tokens into nested tuples, the usual precedence."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0

    def end(self) -> None:
        if self.at != len(self.tokens):
            raise FormulaError(f"{self.tokens[self.at][1]!r} is too much")

    def take(self, *marks: str) -> str:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if text in marks and kind in ("mark", "sum"):
            self.at += 1
            return text
        return ""

    def sum_of_products(self) -> tuple[Any, ...]:
        tree = self.product()
        while mark := self.take("+", "-"):
            tree = (mark, tree, self.product())
        return tree

    def product(self) -> tuple[Any, ...]:
        tree = self.factor()
        while mark := self.take("*", "/"):
            tree = (mark, tree, self.factor())
        return tree

    def factor(self) -> tuple[Any, ...]:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormulaError("is too deep")
        if self.take("-"):
            return ("negative", self.factor())
        if self.take("("):
            tree = self.sum_of_products()
            self.close()
            return tree
        if self.take("sum"):
            self.need("(")
            tree = ("sum", self.operand("path"))
            self.close()
            return tree
        kind, _ = self.tokens[self.at] if self.at < len(self.tokens) else ("nothing", "")
        return (kind, self.operand("number", "path"))

    def operand(self, *kinds: str) -> str:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("nothing", "")
        if kind not in kinds:
            raise FormulaError(f"expects a {' or a '.join(kinds)}, not {text or 'the end'!r}")
        self.at += 1
        return text

    def need(self, mark: str) -> None:
        if not self.take(mark):
            raise FormulaError(f"expects {mark!r}")

    def close(self) -> None:
        self.need(")")


def _value(tree: tuple[Any, ...], document: Any) -> Decimal:
    match tree:
        case ("number", text):
            return Decimal(text)
        case ("path", path):
            return figure_of(find_one(path, document))
        case ("sum", path):
            return sum((figure_of(value) for value in find(path, document)), Decimal(0))
        case ("negative", inner):
            return -_value(inner, document)
        case (mark, left, right):
            return _compute(mark, _value(left, document), _value(right, document))
    raise AssertionError(tree)


def _compute(mark: str, left: Decimal, right: Decimal) -> Decimal:
    match mark:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    return left / right
