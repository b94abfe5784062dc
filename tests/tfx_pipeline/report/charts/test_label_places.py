from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfx_pipeline.report.charts.label_places import GAP, place_labels

WIDTH = 300.0
POINTS = st.lists(st.tuples(st.floats(0, WIDTH), st.floats(0, 230)), min_size=1, max_size=12)


@given(POINTS)
def test_no_label_lies_on_another_and_each_stays_beside_its_point(points: list[tuple[float, float]]) -> None:
    places = place_labels(points, [f"model number {index}" for index in range(len(points))], WIDTH)
    assert not any(one.overlaps(other) for one, other in combinations(places, 2))
    for (x, y), place in zip(points, places, strict=True):
        assert abs((place.right if place.is_left else place.left) - x) == pytest.approx(GAP)
        assert place.y >= y


def test_labels_go_towards_the_middle_and_down() -> None:
    left, right, below = place_labels([(10, 5), (290, 100), (290, 101)], ["a", "b", "c"], WIDTH)
    assert (left.is_left, right.is_left, below.is_left) == (False, True, True)
    assert (left.y, right.y, below.y) == (5, 100, 114)
