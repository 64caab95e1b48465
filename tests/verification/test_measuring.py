"""Random histories of deposits, spending, lag and resets: never wrong, and how often not sure."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.verification.rungs import (
    INCONCLUSIVE,
    LADDER,
    REFUTED,
    VERIFIED,
    Case,
)
from providers.catalogue import catalogue_entries
from providers.catalogue_reader import CUMULATIVE, REMAINING, ROWS
from providers.readings import Reading
from providers.vocabulary import Rung
from tests.verification import shares
from tests.verification.histories import AFTER, AGREED, START, Change, judged, read, reader

moments = st.decimals(-3, 8, places=2, allow_nan=False)
history = st.lists(st.builds(Change, moments, st.integers(-60, 60).filter(bool)), max_size=8)
lags = st.lists(st.decimals(0, 1, places=2), min_size=9, max_size=9)


def deposited(changes: list[Change], since: int) -> int:
    """What really came in after a moment, a deposit during the first lag included."""
    return sum(c.amount for c in changes if c.amount > 0 and c.at > since)


@pytest.mark.parametrize("kind", [CUMULATIVE, REMAINING, ROWS])
@settings(max_examples=120, deadline=None)
@given(changes=history, late=lags)
def test_never_verified_below_the_amount(
    kind: str, changes: list[Change], late: list[Decimal]
) -> None:
    finding = judged(kind, changes, late)
    if deposited(changes, since=0) < AGREED:
        assert finding.verdict != VERIFIED


@pytest.mark.parametrize("kind", [CUMULATIVE, REMAINING, ROWS])
@settings(max_examples=120, deadline=None)
@given(changes=history, late=lags, at=st.decimals("1.01", 6, places=2))
def test_never_refuted_when_it_arrived(
    kind: str, changes: list[Change], late: list[Decimal], at: Decimal
) -> None:
    """The seller's credit comes after the readings before, and in time for those after."""
    finding = judged(kind, [*changes, Change(at, AGREED)], late)
    assert finding.verdict != REFUTED
    if kind != REMAINING:
        assert finding.verdict == VERIFIED


@pytest.mark.parametrize("kind", [CUMULATIVE, REMAINING, ROWS])
@settings(max_examples=60, deadline=None)
@given(changes=history, late=lags, taken=st.integers(1, len(AFTER)))
def test_no_part_is_paid_for_that_did_not_come(
    kind: str, changes: list[Change], late: list[Decimal], taken: int
) -> None:
    """Parts are paid for as soon as a reading covers them, so it must be true at each of them."""
    finding = judged(kind, changes, late, taken=taken)
    came = deposited([one for one in changes if one.at <= AFTER[taken - 1]], since=0)
    assert finding.measured_cents is None or finding.measured_cents <= came * 100


@pytest.mark.parametrize("kind", [CUMULATIVE, REMAINING, ROWS])
@settings(max_examples=60, deadline=None)
@given(changes=history, late=lags, resets_at=st.integers(1, 8))
def test_a_reset_between_the_readings_settles_nothing(
    kind: str, changes: list[Change], late: list[Decimal], resets_at: int
) -> None:
    finding = judged(kind, [*changes, Change(Decimal(2), AGREED)], late, resets_at)
    assert (finding.verdict, finding.reason) == (INCONCLUSIVE, "reset_between")


@pytest.mark.parametrize("kind", [CUMULATIVE, ROWS])
def test_nothing_sent_is_refuted_where_the_figure_is_exact(kind: str) -> None:
    spending = [Change(Decimal(at), -7) for at in range(9)]
    finding = judged(kind, spending, [Decimal(0)] * 9)
    assert (finding.verdict, finding.measured_cents) == (REFUTED, 0)
    half = judged(kind, [*spending, Change(Decimal(2), 25)], [Decimal(0)] * 9)
    assert (half.verdict, half.measured_cents) == (REFUTED, 25_00)


def test_a_single_high_reading_proves_nothing() -> None:
    """A figure that only one reading shows may be a slip of the provider."""
    quiet = [read(CUMULATIVE, [], Decimal(0), "") for _ in range(9)]
    slip = replace(quiet[0], figure=Decimal(START + 500))
    case = Case(
        AGREED * 100, "USD", reader("openrouter"), quiet[:2], [*quiet[2:5], slip, *quiet[5:]]
    )
    assert LADDER[Rung.API_BALANCE].finding(case).verdict == INCONCLUSIVE


def test_a_slip_before_the_sending_does_not_refute() -> None:
    """Too high a baseline hides an arrival: then the figures disagree and nothing is refuted."""
    high = replace(read(CUMULATIVE, [], Decimal(0), ""), figure=Decimal(START + 500))
    low = read(CUMULATIVE, [Change(Decimal(2), AGREED)], Decimal(9), "")
    case = Case(AGREED * 100, "USD", reader("openrouter"), [high] * 2, [low] * 6, may_refute=True)
    assert LADDER[Rung.API_BALANCE].finding(case).verdict == INCONCLUSIVE


@pytest.mark.parametrize(
    "slug",
    sorted(e.slug for e in catalogue_entries() if e.reader and not e.reader.may_verify),
)
def test_what_is_not_confirmed_or_has_no_price_settles_nothing(slug: str) -> None:
    one = reader(slug)
    few = Reading(Decimal(0), one.currency, figure=Decimal(0))
    many = Reading(
        Decimal(10**9), one.currency, figure=Decimal(10**9), rows=(("x", Decimal(10**9)),)
    )
    case = Case(100, one.currency, one, [few] * 2, [many] * 6, may_refute=True)
    finding = LADDER[one.rung].finding(case)
    assert finding.verdict == INCONCLUSIVE
    assert finding.reason in ("answer_not_confirmed", "unit_without_price")


def test_other_units_are_converted_exactly() -> None:
    """AI/ML API counts 2,000,000 credits to the dollar."""
    one = reader("aimlapi")
    for units, verdict in ((100_000_000, VERIFIED), (99_999_999, INCONCLUSIVE)):
        before = Reading(Decimal(7), "USD", figure=Decimal(7))
        after = Reading(Decimal(7 + units), "USD", figure=Decimal(7 + units))
        case = Case(50_00, "USD", one, [before] * 2, [after] * 2)
        assert LADDER[Rung.API_BALANCE].finding(case).verdict == verdict


def test_every_rung_answers_with_a_verdict() -> None:
    case = Case(100, "USD")
    verdicts = {rung: check.finding(case).verdict for rung, check in LADDER.items()}
    assert set(verdicts) == set(Rung.values)
    assert set(verdicts.values()) == {INCONCLUSIVE}
    word = LADDER[Rung.BUYER_CONFIRMATION].finding(replace(case, buyer_confirmed=True))
    assert word.verdict == VERIFIED
    strengths = Counter(check.strength for check in LADDER.values())
    assert strengths[5] == 2


def test_the_document_says_how_often_it_settles() -> None:
    text = shares.DOCUMENT.read_text(encoding="utf-8")
    assert shares.placed(text) == text, "bring it up to date with shares.write"


def test_figures_that_spending_does_not_move_settle_nine_in_ten() -> None:
    """The rest are the resets; what is left never shows an absence."""
    for kind in (CUMULATIVE, ROWS):
        for sent, verdict in ((AGREED, VERIFIED), (0, REFUTED)):
            found = shares.shares(kind, sent, spends=6)
            assert found[verdict] > 0.85 * shares.HISTORIES
            assert found[verdict] + found[INCONCLUSIVE] == shares.HISTORIES
    assert shares.shares(REMAINING, 0, spends=6)[INCONCLUSIVE] == shares.HISTORIES
