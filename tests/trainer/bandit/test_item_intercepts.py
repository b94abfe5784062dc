"""Own intercepts of items against the dense regression with one column an item."""

import math
import time
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.bandit.evidence import Evidence
from trainer.bandit.item_evidence import ItemEvidence
from trainer.bandit.posterior import LinearPosterior

ROWS, DIMENSION = 60, 4
PRIOR = LinearPosterior.prior(DIMENSION, 1.5, 0.3, item_precision=2.5)
IDS = np.array([f"item {row * row % 11}" for row in range(ROWS)], dtype=object)
ITEMS = sorted(set(IDS))


def _rows() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    features = random.normal(size=(ROWS, DIMENSION))
    features[:, -1] = 1.0
    return features, random.normal(0, 0.7, ROWS), IDS, random.uniform(0.1, 2, ROWS)


def _dense() -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of (w, b) by PRML 3.50 and 3.51, with an indicator column for every item."""
    features, residuals, ids, weights = _rows()
    design = np.hstack([features, ids[:, None] == np.array(ITEMS, dtype=object)[None, :]]).astype(float)
    prior = np.diag([1.5] * DIMENSION + [2.5] * len(ITEMS))
    covariance = np.linalg.inv(prior + design.T @ (design * weights[:, None]) / 0.3)
    return covariance @ design.T @ (weights * residuals) / 0.3, covariance


def test_equals_the_dense_posterior() -> None:
    posterior = PRIOR.update(*_rows())
    mean, covariance = _dense()
    np.testing.assert_allclose(posterior.mean, mean[:DIMENSION], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(posterior.covariance, covariance[:DIMENSION, :DIMENSION], rtol=1e-9, atol=1e-12)
    items = posterior.items
    assert items.ids.tolist() == ITEMS
    np.testing.assert_allclose(items.offset - items.centre @ posterior.mean, mean[DIMENSION:], rtol=1e-8, atol=1e-12)


def test_what_a_candidate_is_worth_equals_the_dense_posterior() -> None:
    posterior = PRIOR.update(*_rows())
    mean, covariance = _dense()
    candidates = np.random.default_rng(9).normal(size=(len(ITEMS), DIMENSION))
    design = np.hstack([candidates, np.eye(len(ITEMS))])
    offset, centre, spread = posterior.item_arrays(ITEMS)
    shifted = candidates - centre[:-1]
    np.testing.assert_allclose(offset[:-1] + shifted @ posterior.mean, design @ mean, rtol=1e-5, atol=1e-6)
    # Two items share w only, so their whole covariance is known: their own parts are independent.
    own = np.diag(spread[:-1].astype(float) ** 2)
    np.testing.assert_allclose(
        shifted @ posterior.covariance @ shifted.T + own, design @ covariance @ design.T, rtol=1e-5, atol=1e-6
    )


def test_one_item_with_features_of_zero_is_the_gaussian_mean_update() -> None:
    posterior = LinearPosterior.prior(1, 1.0, 2.0, item_precision=4.0)
    offset, _, spread = posterior.update(np.zeros((10, 1)), np.full(10, 3.0), ["a"] * 10).item_arrays(["a"])
    assert offset[0] == pytest.approx((30 / 2.0) / (4.0 + 10 / 2.0))
    assert spread[0] == pytest.approx((4.0 + 10 / 2.0) ** -0.5)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(cuts=st.lists(st.integers(0, ROWS), max_size=6), order=st.randoms(use_true_random=False), alone=st.booleans())
def test_updates_in_any_number_and_order_equal_one_pass(cuts: list[int], order: Random, alone: bool) -> None:
    features, residuals, ids, weights = _rows()
    chunks = np.split(np.arange(ROWS), sorted(cuts)) if not alone else [np.array([row]) for row in range(ROWS)]
    order.shuffle(chunks)
    chunked = PRIOR
    for chunk in chunks:
        chunked = chunked.update(features[chunk], residuals[chunk], ids[chunk], weights[chunk])
    whole = PRIOR.update(*_rows())
    np.testing.assert_allclose(chunked.mean, whole.mean, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(chunked.covariance, whole.covariance, rtol=1e-10, atol=1e-12)
    for mine, theirs in zip(chunked.item_arrays(ITEMS), whole.item_arrays(ITEMS), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-7)


def test_rows_without_an_item_tell_of_the_weights_only() -> None:
    features, residuals, ids, weights = _rows()
    posterior = PRIOR.update(features, residuals, ids, weights).update(features[:5], residuals[:5])
    assert posterior.item_evidence.counts.sum() == pytest.approx(weights.sum())
    np.testing.assert_allclose(
        posterior.precision - PRIOR.update(*_rows()).precision, features[:5].T @ features[:5] / 0.3
    )


def test_an_infinite_item_precision_is_the_regression_without_intercepts() -> None:
    features, residuals, ids, weights = _rows()
    with_ids = LinearPosterior.prior(DIMENSION, 1.5, 0.3).update(features, residuals, ids, weights)
    without = LinearPosterior.prior(DIMENSION, 1.5, 0.3).update(features, residuals, weights=weights)
    np.testing.assert_array_equal(with_ids.mean, without.mean)
    np.testing.assert_array_equal(with_ids.covariance, without.covariance)
    assert not any(array.any() for array in with_ids.item_arrays(ITEMS))


def test_catalogue_rows_and_the_unknown_item() -> None:
    posterior = PRIOR.update(np.eye(DIMENSION)[:2], [1.0, 2.0], ["b", "a"])
    offset, centre, spread = posterior.item_arrays(["z", "a", "", "b", "a"])
    assert (offset.shape, centre.shape, spread.shape) == ((6,), (6, DIMENSION), (6,))
    assert {array.dtype for array in (offset, centre, spread)} == {np.dtype(np.float32)}
    precision = 2.5 + 1 / 0.3
    np.testing.assert_allclose(offset, np.array([0, 2, 0, 1, 2, 0]) / 0.3 / precision, rtol=1e-6)
    np.testing.assert_allclose(centre[:, 1], np.array([0, 1, 0, 0, 1, 0]) / 0.3 / precision, rtol=1e-6)
    np.testing.assert_allclose(spread, np.array([2.5, precision, 2.5, precision, precision, 2.5]) ** -0.5, rtol=1e-6)
    assert [array.shape[0] for array in PRIOR.item_arrays([])] == [1, 1, 1]
    with pytest.raises(ValueError, match="^item_ids: expected strings, got int$"):
        posterior.item_arrays([1, 2])  # type: ignore[list-item]


def test_evidence_can_be_taken_out_again() -> None:
    features, residuals, ids, weights = _rows()
    kept, gone = np.arange(ROWS) < 20, np.arange(ROWS) >= 20
    before = PRIOR.update(features[kept], residuals[kept], ids[kept], weights[kept])
    evidence = Evidence.none(DIMENSION).add(features[gone], residuals[gone], [*ids[gone][:-1], "new"], weights[gone])
    undone = before.with_evidence(evidence).without_evidence(evidence)
    assert undone.item_evidence.ids.tolist() == before.item_evidence.ids.tolist()
    np.testing.assert_allclose(undone.mean, before.mean, rtol=1e-10)
    np.testing.assert_allclose(undone.covariance, before.covariance, rtol=1e-10)
    np.testing.assert_allclose(undone.items.offset, before.items.offset, rtol=1e-10, atol=1e-14)


def test_evidence_that_was_never_given_is_not_taken_out() -> None:
    posterior = PRIOR.update(np.ones((2, DIMENSION)), [1.0, 1.0], ["a", "a"])
    none = Evidence.none(DIMENSION)
    cases = {
        "evidence: item 'b' is not part of this posterior": none.add(np.ones((1, DIMENSION)), [1.0], ["b"]),
        "evidence: counts more of item 'a' than this posterior": none.add(
            np.ones((3, DIMENSION)), [1.0] * 3, ["a"] * 3
        ),
        "evidence: is not part of this posterior: precision: not positive definite": none.add(
            9 * np.ones((9, DIMENSION)), [1.0] * 9
        ),
        "evidence: has 1 features where 4 are expected": Evidence.none(1),
    }
    for message, evidence in cases.items():
        with pytest.raises(ValueError, match=f"^{message}$"):
            posterior.without_evidence(evidence)


@pytest.mark.parametrize("ids", [["a"], ["b", 'a\n,"', "ä漢", "x" * 300]])
def test_saved_items_load_and_go_on_learning(ids: list[str], tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(len(ids), DIMENSION))
    posterior = PRIOR.update(rows, np.ones(len(ids)), ids)
    posterior.save(tmp_path / "posterior.npz")
    loaded = LinearPosterior.load(tmp_path / "posterior.npz")
    assert loaded.item_evidence.ids.tolist() == sorted(ids)
    assert loaded.item_precision == 2.5
    again = (rows, np.ones(len(ids)), [*ids[1:], "new"])
    np.testing.assert_array_equal(loaded.update(*again).mean, posterior.update(*again).mean)
    for mine, theirs in zip(loaded.item_arrays(ids), posterior.item_arrays(ids), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_an_old_file_has_no_intercepts(tmp_path: Path) -> None:
    path = tmp_path / "posterior.npz"
    np.savez(path, precision=2 * np.eye(2), moment=np.ones(2), noise_variance=1.0)
    loaded = LinearPosterior.load(path)
    assert math.isinf(loaded.item_precision)
    np.testing.assert_allclose(loaded.mean, [0.5, 0.5])
    assert loaded.items.ids.size == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"item_counts": None}, "no field item_counts"),
        ({"item_ids": None}, "no field item_ids"),
        ({"item_ids": np.zeros(3, np.uint8)}, "not a posterior: Expecting value.*"),
        (
            {"item_ids": np.frombuffer(b'"a"', np.uint8)},
            r"not a posterior: item_counts: expected shape \[1\], got \[2\]",
        ),
        ({"item_ids": np.frombuffer(b'["a", 1]', np.uint8)}, "not a posterior: item_ids: expected strings, got int"),
        ({"item_ids": np.frombuffer(b'["b", "a"]', np.uint8)}, "not a posterior: item_ids: not sorted and unique"),
        ({"item_counts": [1.0, 0.0]}, "not a posterior: item_counts: must be positive, got 0.0 for 'b'"),
        (
            {"item_features": np.full((2, 2), np.nan)},
            "not a posterior: item_features: holds a value that is not finite",
        ),
        ({"item_features": np.zeros((2, 3))}, "not a posterior: item_features: have 3 features where 2 are expected"),
        ({"item_residuals": [1.0]}, r"not a posterior: item_residuals: expected shape \[2\], got \[1\]"),
        ({"item_precision": 0.0}, "not a posterior: item_precision: must be positive, got 0.0"),
        ({"item_precision": np.nan}, "not a posterior: item_precision: must be positive, got nan"),
        ({"item_features": np.full((2, 2), 9.0)}, "not a posterior: precision: not positive definite"),
    ],
)
def test_load_names_the_file_and_the_field(changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "posterior.npz"
    LinearPosterior.prior(2, 1.0, 1.0, 1.0).update(np.eye(2), [1.0, 1.0], ["a", "b"]).save(path)
    with np.load(path) as stored:
        fields = {**stored, **changed}
    np.savez(path, **{name: value for name, value in fields.items() if value is not None})
    with pytest.raises(ValueError, match=f"^{path}: {message}$"):
        LinearPosterior.load(path)


def test_a_hundred_thousand_items_merge_without_a_loop() -> None:
    def items(first: int) -> ItemEvidence:
        ids = np.array(sorted(f"sku-{number:07d}" for number in range(first, first + 100_000)), dtype=object)
        return ItemEvidence(ids, np.ones(ids.size), np.ones((ids.size, 8)), np.ones(ids.size))

    one, other = items(0), items(50_000)
    started = time.process_time()
    merged = one.merge(other)
    # A loop over the items with an array operation each takes some seconds.
    assert time.process_time() - started < 2.0
    assert merged.ids.size == 150_000
    assert merged.counts.sum() == 200_000
    assert merged.counts[merged.ids == "sku-0060000"] == 2.0
