"""The language of formulas: exact, small, and never guessing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.formula import Formula, FormulaError, Unreadable, parse_answer

ANSWER = parse_answer(
    '{"a": 0.1, "b": "0.20", "n": null, "t": true, "big": 1e40, "l": [{"k": "x", "v": 1},'
    ' {"k": "y", "v": "2.5"}], "o": {"p": {"q": -7}}}'
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$.a + $.b", "0.30"),
        ("$.a - $.b * 10", "-1.90"),
        ("-($.a + $.b) / 100", "-0.0030"),
        ("--$.a", "0.1"),
        ("sum($.l[*].v)", "3.5"),
        ("sum($.none[*])", "0"),
        ("$.l[1].v", "2.5"),
        ("$.l[?(@.k=='y')].v", "2.5"),
        ("$.o.p.q", "-7"),
        ("2 * (3 + 4)", "14"),
    ],
)
def test_values_are_exact(text: str, value: str) -> None:
    assert Formula(text).evaluate(ANSWER) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["$.c", "$.n", "$.t", "$.big", "$.l[*].v", "$.l[7].v", "$.l", "$.o", "$.a / 0", "$.a[0]"],
)
def test_what_is_not_one_plain_figure_is_an_error_and_not_zero(text: str) -> None:
    with pytest.raises(Unreadable):
        Formula(text).evaluate(ANSWER)


@pytest.mark.parametrize(
    "text",
    ["", "a", "$.a +", "$.a $.b", "(1", "1)", "sum(1)", "sum $.a", "1 ** 2", "$.a; 1", "-" * 99],
)
def test_anything_else_is_refused_when_the_catalogue_is_read(text: str) -> None:
    with pytest.raises(FormulaError):
        Formula(text)


@pytest.mark.parametrize("text", ["NaN", "Infinity", '{"a": NaN}', "{", "", "[1,]"])
def test_an_answer_that_is_not_json_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_answer(text)


@given(st.decimals(-(10**9), 10**9, places=9), st.decimals(-(10**9), 10**9, places=9))
def test_no_cent_is_lost_in_a_difference(a: Decimal, b: Decimal) -> None:
    answer = parse_answer(f'{{"a": {a:f}, "b": "{b:f}"}}')
    assert Formula("$.a - $.b").evaluate(answer) == a - b
