"""Evidence: sums in any order, and the noise variance that they carry."""

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from trainer.bandit.evidence import MINIMUM_NOISE_VARIANCE, Evidence, append_constant


def _rows(count: int, dimension: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    features = random.normal(size=(count, dimension))
    return features, features @ random.normal(0, 0.5, dimension) + random.normal(0, noise, count)


def test_sums_equal_their_definition() -> None:
    features, residuals = _rows(20, 3, 0.5)
    weights = np.linspace(0.01, 1.0, 20)
    evidence = Evidence.none(3).add(features, residuals, weights=weights)
    rows = list(zip(features, residuals, weights, strict=True))
    np.testing.assert_allclose(evidence.gram, sum(c * np.outer(phi, phi) for phi, _, c in rows))
    np.testing.assert_allclose(evidence.cross, sum(c * phi * r for phi, r, c in rows))
    assert evidence.squares == pytest.approx(sum(c * r * r for _, r, c in rows))
    assert evidence.effective_rows == pytest.approx(weights.sum() ** 2 / (weights**2).sum())


def test_item_sums_equal_their_definition_and_leave_the_shared_sums_alone() -> None:
    features, residuals = _rows(20, 3, 0.5)
    weights = np.linspace(0.0, 1.0, 20)
    ids = np.array(["b", "a", "ä", "c"] * 5)
    evidence = Evidence.none(3).add(features, residuals, ids.tolist(), weights)
    assert evidence.items.ids.tolist() == ["a", "b", "c", "ä"]
    for row, item in enumerate(evidence.items.ids):
        of_item = ids == item
        assert evidence.items.counts[row] == pytest.approx(weights[of_item].sum())
        np.testing.assert_allclose(evidence.items.features[row], weights[of_item] @ features[of_item])
        assert evidence.items.residuals[row] == pytest.approx(weights[of_item] @ residuals[of_item])
    without = Evidence.none(3).add(features, residuals, weights=weights)
    np.testing.assert_array_equal(evidence.gram, without.gram)
    assert evidence.noise_variance(1.0) == without.noise_variance(1.0)


def test_rows_of_weight_zero_name_no_item() -> None:
    evidence = Evidence.none(1).add(np.ones((3, 1)), np.ones(3), ["a", "b", "b"], [0.0, 1.0, 0.0])
    assert evidence.items.ids.tolist() == ["b"]
    assert Evidence.none(1).add(np.ones((1, 1)), [1.0], ["a"], [0.0]).items.ids.size == 0


def test_integer_weight_counts_as_repeated_rows() -> None:
    features, residuals = _rows(12, 3, 0.5)
    counts = np.arange(12) % 3
    weighted = Evidence.none(3).add(features, residuals, weights=counts)
    repeated = Evidence.none(3).add(np.repeat(features, counts, axis=0), np.repeat(residuals, counts))
    np.testing.assert_allclose(weighted.gram, repeated.gram)
    np.testing.assert_allclose(weighted.cross, repeated.cross)
    assert weighted.squares == pytest.approx(repeated.squares)


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 50), max_size=6), order=st.randoms(use_true_random=False))
def test_chunks_in_any_number_and_order_give_one_pass(cuts: list[int], order: Random) -> None:
    features, residuals = _rows(50, 4, 0.5)
    weights = np.linspace(0, 2, 50)
    ids = np.array([f"item {row % 7}" for row in range(50)], dtype=object)
    chunks = np.split(np.arange(50), sorted(cuts))
    order.shuffle(chunks)
    chunked = Evidence.none(4)
    for chunk in chunks:
        chunked = chunked.merge(Evidence.none(4).add(features[chunk], residuals[chunk], ids[chunk], weights[chunk]))
    whole = Evidence.none(4).add(features, residuals, ids, weights)
    assert chunked.items.ids.tolist() == whole.items.ids.tolist()
    np.testing.assert_allclose(chunked.items.counts, whole.items.counts, rtol=1e-12)
    np.testing.assert_allclose(chunked.items.features, whole.items.features, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(chunked.items.residuals, whole.items.residuals, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(chunked.gram, whole.gram, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(chunked.cross, whole.cross, rtol=1e-10, atol=1e-10)
    assert chunked.noise_variance(1.0) == pytest.approx(whole.noise_variance(1.0), rel=1e-8)


def test_noise_variance_with_a_flat_prior_is_the_unbiased_estimate_of_least_squares() -> None:
    features, residuals = _rows(40, 5, 0.7)
    fitted, *_ = np.linalg.lstsq(features, residuals, rcond=None)
    expected = ((residuals - features @ fitted) ** 2).sum() / (40 - 5)
    estimate = Evidence.none(5).add(features, residuals, weights=np.full(40, 0.3)).noise_variance(1e-9)
    assert estimate == pytest.approx(expected, rel=1e-6)


def test_noise_variance_satisfies_its_equation_on_the_rows_themselves() -> None:
    features, residuals = _rows(60, 4, 0.8)
    variance = Evidence.none(4).add(features, residuals).noise_variance(20.0)
    precision = 20.0 * np.eye(4) + features.T @ features / variance
    mean = np.linalg.solve(precision, features.T @ residuals / variance)
    gamma = np.trace(np.linalg.solve(precision, features.T @ features / variance))
    assert variance == pytest.approx(((residuals - features @ mean) ** 2).sum() / (60 - gamma), rel=1e-8)


def test_noise_variance_recovers_the_truth_under_unequal_weights() -> None:
    features, residuals = _rows(20_000, 4, 0.5)
    weights = np.where(np.arange(20_000) % 2 == 0, 1.0, 0.01)
    estimate = Evidence.none(4).add(features, residuals, weights=weights).noise_variance(1.0)
    assert estimate == pytest.approx(0.25, abs=5 * 0.25 * np.sqrt(2 / 10_000))


def test_too_few_rows_take_the_mean_square_before_the_fit() -> None:
    features, residuals = _rows(3, 5, 0.5)
    estimate = Evidence.none(5).add(features, residuals).noise_variance(1.0)
    assert estimate == pytest.approx((residuals**2).mean())


def test_perfect_fit_keeps_some_noise() -> None:
    features, _ = _rows(30, 3, 0.0)
    assert Evidence.none(3).add(features, np.zeros(30)).noise_variance(1.0) == MINIMUM_NOISE_VARIANCE


def test_append_constant() -> None:
    np.testing.assert_array_equal(append_constant([[2.0, 3.0], [4.0, 5.0]]), [[2.0, 3.0, 1.0], [4.0, 5.0, 1.0]])


@pytest.mark.parametrize(
    ("features", "residuals", "weights", "message"),
    [
        ([1.0, 2.0], [1.0], None, r"features: expected shape \[any, 2\], got \[2\]"),
        ([[1.0, 2.0, 3.0]], [1.0], None, r"features: expected shape \[any, 2\], got \[1, 3\]"),
        ([[1.0, np.nan]], [1.0], None, "features: holds a value that is not finite"),
        ([["a", "b"]], [1.0], None, "features: not an array of numbers"),
        ([[1.0, 2.0]], [1.0, 2.0], None, r"residuals: expected shape \[1\], got \[2\]"),
        ([[1.0, 2.0]], [np.inf], None, "residuals: holds a value that is not finite"),
        ([[1.0, 2.0]], [1.0], [1.0, 1.0], r"weights: expected shape \[1\], got \[2\]"),
        ([[1.0, 2.0]], [1.0], [np.nan], "weights: holds a value that is not finite"),
        ([[1.0, 2.0]] * 2, [1.0, 1.0], [1.0, -1.0], "weights: row 1 is negative"),
    ],
)
def test_bad_rows_are_refused(
    features: ArrayLike, residuals: ArrayLike, weights: ArrayLike | None, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        Evidence.none(2).add(features, residuals, weights=weights)


@pytest.mark.parametrize(
    ("item_ids", "message"),
    [
        (["a"], r"item_ids: expected shape \[2\], got \[1\]"),
        ([["a", "b"]], r"item_ids: expected shape \[2\], got \[1, 2\]"),
        (["a", 3], "item_ids: expected strings, got int"),
        (["a", None], "item_ids: expected strings, got NoneType"),
        ([0.5, 1.0], "item_ids: expected strings, got float"),
    ],
)
def test_bad_item_ids_are_refused(item_ids: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        Evidence.none(2).add([[1.0, 2.0]] * 2, [1.0, 1.0], item_ids)


def test_other_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="^dimension: must be at least 1, got 0$"):
        Evidence.none(0)
    with pytest.raises(ValueError, match="^other: has 3 features where 2 are expected$"):
        Evidence.none(2).merge(Evidence.none(3))
    with pytest.raises(ValueError, match="^evidence: no row has a positive weight"):
        Evidence.none(2).noise_variance(1.0)
    with pytest.raises(ValueError, match="^prior_precision: must be positive and finite, got 0.0$"):
        Evidence.none(2).noise_variance(0.0)
