"""The pictures of figures: what is nothing has no height, what is most reaches the top."""

from marketplace.templatetags import charts


def heights(*values: int) -> list[object]:
    points = [(str(n), value, str(value)) for n, value in enumerate(values)]
    drawn = charts.chart(points, "Held", kind="bars")["marks"]
    assert isinstance(drawn, list)
    return [mark["height"] for mark in drawn]


def test_bars_stand_on_nothing() -> None:
    most = charts.BASE - charts.TOP
    assert heights(0, 0) == [0, 0]
    assert heights(50, 0, 100) == [most // 2, 0, most]
    assert heights(7, 7) == [most, most]
