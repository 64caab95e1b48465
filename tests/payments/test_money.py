import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from payments import money

cents = st.integers(0, 10**9)


@given(cents, st.lists(st.integers(0, 10_000), min_size=1, max_size=6).filter(any))
def test_parts_always_sum_to_the_whole(total: int, weights: list[int]) -> None:
    parts = money.split(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        exact = total * weight / sum(weights)
        assert abs(part - exact) < 1
        assert part >= 0
        assert weight or not part


@given(st.integers(1, 10**9), st.integers(3000, 7000))
def test_a_price_is_never_above_the_agreed_discount(face: int, discount: int) -> None:
    price = money.price_of(face, discount)
    assert 0 <= price <= face
    assert abs(price - face * (10_000 - discount) / 10_000) <= 0.5


@given(st.integers(1, 10**9), st.integers(0, 10_000))
def test_commission_and_proceeds_are_the_price(price: int, commission_bp: int) -> None:
    assert 0 <= money.commission_on(price, commission_bp) <= price


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_nothing_to_divide_by_is_an_error(weights: list[int]) -> None:
    with pytest.raises(ValueError, match=r"weights|empty"):
        money.split(10, weights)


@pytest.mark.parametrize("face", [1, 2, 99, 333, 1001, 9_999, 12_345_678_9])
def test_the_database_computes_the_same_price(face: int) -> None:
    with connection.cursor() as cursor:
        for discount in range(3000, 7001, 7):
            cursor.execute(
                "SELECT %s::bigint - (%s::bigint * %s + 5000) / 10000", [face, face, discount]
            )
            assert cursor.fetchone()[0] == money.price_of(face, discount)
