"""Distances of TensorFlow Data Validation beside those computed by NumPy."""

import numpy as np
import pyarrow as pa
import pytest

from tfx_pipeline.distribution_comparison import Comparison, Kind, Measure
from tfx_pipeline.distribution_distances import measure_distances
from tfx_pipeline.validation_config import ValidationConfig

L_INFINITY: Measure = "L-infinity"
JENSEN_SHANNON: Measure = "Jensen-Shannon divergence"
KINDS: tuple[Kind, ...] = ("drift", "skew")


def shares(values: np.ndarray, support: np.ndarray) -> np.ndarray:
    return np.array([(values == value).mean() for value in support])


def l_infinity(before: np.ndarray, after: np.ndarray) -> float:
    support = np.union1d(before, after)
    return float(np.abs(shares(before, support) - shares(after, support)).max())


def jensen_shannon(before: np.ndarray, after: np.ndarray) -> float:
    support = np.union1d(before, after)
    return divergence(shares(before, support), shares(after, support))


def divergence(first: np.ndarray, second: np.ndarray) -> float:
    middle = (first + second) / 2

    def relative_entropy(part: np.ndarray) -> float:
        present = part > 0
        return float((part[present] * np.log2(part[present] / middle[present])).sum())

    return (relative_entropy(first) + relative_entropy(second)) / 2


def texts(counts: dict[str, int]) -> np.ndarray:
    return np.repeat(list(counts), list(counts.values()))


def numbers(counts: dict[float, int]) -> np.ndarray:
    return np.repeat(np.array(list(counts), np.float64), list(counts.values()))


def compare(before: np.ndarray, after: np.ndarray, kind: Kind = "drift", threshold: float = 0.3) -> Comparison:
    sides = [{"x": pa.array(side, pa.string() if side.dtype.kind == "U" else pa.float64())} for side in (before, after)]
    return measure_distances(kind, *sides, ValidationConfig(thresholds={"x": threshold}))


def measured(comparison: Comparison) -> dict[Measure, float]:
    return {distance.measure: distance.distance for distance in comparison.distances}


TEXTS = [
    (texts({"a": 60, "b": 40}), texts({"a": 30, "b": 40, "c": 30})),
    (texts({"a": 500, "": 500}), texts({"a": 990, "": 10})),
    (texts({"a": 70}), texts({"b": 30})),
    (texts({"a": 70}), texts({"": 30})),
    (texts({"bread > toast": 35, "ü": 65}), texts({"bread > toast": 15, "ü": 5})),
    (texts({f"i{n}": 10 + n for n in range(50)}), texts({f"i{n}": 60 - n for n in range(40)})),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("before", "after"), TEXTS)
def test_distances_of_texts_are_exact(before: np.ndarray, after: np.ndarray, kind: Kind) -> None:
    comparison = compare(before, after, kind)
    assert measured(comparison) == {
        L_INFINITY: pytest.approx(l_infinity(before, after), abs=1e-9),
        JENSEN_SHANNON: pytest.approx(jensen_shannon(before, after), abs=1e-9),
    }
    assert comparison.not_measured == ()
    for distance in comparison.distances:
        assert (distance.kind, distance.feature, distance.threshold) == (kind, "x", 0.3)
        assert (distance.rows_before, distance.rows_after) == (len(before), len(after))
        assert distance.exceeded == (distance.distance > 0.3)


def test_the_shift_worked_out_by_hand() -> None:
    """Half of `a` moves to `c`: .6 .4 0 against .3 .4 .3."""
    before, after = TEXTS[0]
    middle = 0.45, 0.4, 0.15
    by_hand = (0.6 * np.log2(0.6 / 0.45) + 0.3 * np.log2(0.3 / 0.45) + 0.3 * np.log2(0.3 / middle[2])) / 2
    assert measured(compare(before, after)) == {L_INFINITY: pytest.approx(0.3), JENSEN_SHANNON: pytest.approx(by_hand)}


NUMBERS = [
    (numbers({0.0: 50, 1.0: 50}), numbers({0.0: 25, 1.0: 75})),
    (numbers({1.0: 100}), numbers({2.0: 100})),
    (numbers({1.0: 90, 2.0: 10}), numbers({1.0: 10, 2.0: 90})),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("before", "after"), NUMBERS)
def test_distances_of_numbers_with_few_values_are_close(before: np.ndarray, after: np.ndarray, kind: Kind) -> None:
    assert measured(compare(before, after, kind)) == {
        JENSEN_SHANNON: pytest.approx(jensen_shannon(before, after), abs=0.01)
    }


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0, 1.5])
def test_distances_of_prices_are_close_whatever_the_outliers(shift: float) -> None:
    """Log-normal prices: the divergence of two of them is that of the normal distributions of their logarithms."""
    random = np.random.default_rng(3)
    before, after = random.lognormal(1, 1, 20_000), random.lognormal(1 + shift, 1, 20_000)
    before[0] = 1e5
    at = np.linspace(-10, 15, 20_001)
    first, second = (np.exp(-((at - mean) ** 2) / 2) for mean in (1, 1 + shift))
    expected = divergence(first / first.sum(), second / second.sum())
    assert measured(compare(before, after)) == {JENSEN_SHANNON: pytest.approx(expected, abs=0.04)}


@pytest.mark.parametrize("kind", KINDS)
def test_equal_data_has_distance_zero_and_is_listed(kind: Kind) -> None:
    for values in (texts({"a": 60, "b": 40}), numbers({1.0: 30, 5.5: 70}), numbers({2.0: 5})):
        comparison = compare(values, values, kind, threshold=0.0)
        assert comparison.distances and comparison.exceeded == ()
        assert [distance.distance for distance in comparison.distances] == pytest.approx(
            [0.0] * len(comparison.distances)
        )


def test_a_distance_is_written_whether_it_is_past_the_threshold_or_not() -> None:
    below, above = (compare(*TEXTS[0], threshold=threshold) for threshold in (0.31, 0.29))
    assert measured(below) == measured(above)
    assert (below.exceeded, [each.measure for each in above.exceeded]) == ((), [L_INFINITY])


def test_many_values_have_no_divergence_but_a_largest_difference() -> None:
    """Two samples of 1,000 events over 500 items."""
    random = np.random.default_rng(5)
    before, after = (np.char.mod("item %d", random.integers(500, size=1000)) for _ in range(2))
    comparison = compare(before, after)
    assert measured(comparison) == {L_INFINITY: pytest.approx(l_infinity(before, after))}
    distinct = len(np.union1d(before, after))
    assert [(each.measure, each.reason) for each in comparison.not_measured] == [
        (JENSEN_SHANNON, f"{distinct} values in 1,000 events: chance alone would set two samples apart")
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("before", "after", "reasons"),
    [
        (texts({"": 20}), texts({"": 30}), ["no values on either side"] * 2),
        (numbers({np.nan: 20}), numbers({np.nan: 30}), ["no values on either side"]),
        (numbers({np.nan: 20}), numbers({1.0: 30}), ["no values before"]),
        (numbers({1.0: 20}), numbers({np.nan: 30}), ["no values after"]),
    ],
)
def test_a_side_without_values_is_told(before: np.ndarray, after: np.ndarray, reasons: list[str], kind: Kind) -> None:
    comparison = compare(before, after, kind)
    assert comparison.distances == ()
    assert [each.reason for each in comparison.not_measured] == reasons


def test_single_events_are_fine() -> None:
    assert measured(compare(texts({"a": 1}), texts({"b": 1}))) == {L_INFINITY: 1.0}
    assert measured(compare(numbers({1.0: 1}), numbers({1.0: 1}))) == {JENSEN_SHANNON: 0.0}


def test_missing_numbers_are_left_out() -> None:
    before, after = numbers({1.0: 50, 2.0: 50}), numbers({1.0: 10, 2.0: 10, np.nan: 80})
    assert measured(compare(before, after)) == {JENSEN_SHANNON: pytest.approx(0.0, abs=0.005)}


def test_features_keep_their_order_and_one_side_alone_is_not_compared() -> None:
    before = {"b": pa.array(["x", "y"] * 20), "a": pa.array([1.0] * 40), "only": pa.array(["x"] * 40)}
    after = {"a": pa.array([1.0] * 40), "b": pa.array(["x", "y"] * 20)}
    comparison = measure_distances("drift", before, after, ValidationConfig())
    assert [(each.feature, each.measure) for each in comparison.distances] == [
        ("b", L_INFINITY),
        ("b", JENSEN_SHANNON),
        ("a", JENSEN_SHANNON),
    ]
