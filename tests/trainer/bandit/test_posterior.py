"""The posterior against closed forms, and its file."""

from pathlib import Path
from random import Random
from typing import Any, BinaryIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.bandit.evidence import Evidence
from trainer.bandit.posterior import LinearPosterior


def _rows(count: int = 40, dimension: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    features = random.normal(size=(count, dimension))
    residuals = features @ random.normal(0, 0.5, dimension) + random.normal(0, 0.6, count)
    return features, residuals, random.uniform(0, 2, count)


def test_equals_the_equations_of_prml() -> None:
    features, residuals, _ = _rows()
    alpha, beta = 2.0, 1 / 0.36
    posterior = LinearPosterior.prior(4, alpha, 1 / beta).update(features, residuals)
    covariance = np.linalg.inv(alpha * np.eye(4) + beta * features.T @ features)  # equation 3.54
    np.testing.assert_allclose(posterior.covariance, covariance, rtol=1e-10)
    np.testing.assert_allclose(posterior.mean, beta * covariance @ features.T @ residuals, rtol=1e-10)  # 3.53


def test_mean_is_weighted_ridge_regression() -> None:
    features, residuals, weights = _rows()
    posterior = LinearPosterior.prior(4, 3.0, 0.5).update(features, residuals, weights=weights)
    # Ridge with penalty prior_precision * noise_variance, as least squares on rows stacked with the penalty's.
    stacked = np.vstack([features * np.sqrt(weights)[:, None], np.sqrt(3.0 * 0.5) * np.eye(4)])
    target = np.concatenate([residuals * np.sqrt(weights), np.zeros(4)])
    np.testing.assert_allclose(posterior.mean, np.linalg.lstsq(stacked, target, rcond=None)[0], rtol=1e-9)


def test_one_dimension_is_the_gaussian_mean_update() -> None:
    posterior = LinearPosterior.prior(1, 4.0, 2.0).update(np.ones((10, 1)), np.full(10, 3.0))
    assert posterior.covariance[0, 0] == pytest.approx(1 / (4.0 + 10 / 2.0))
    assert posterior.mean[0] == pytest.approx((30 / 2.0) / (4.0 + 10 / 2.0))


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 40), max_size=6), order=st.randoms(use_true_random=False))
def test_updates_in_any_number_and_order_equal_one_pass(cuts: list[int], order: Random) -> None:
    features, residuals, weights = _rows()
    prior = LinearPosterior.prior(4, 1.0, 0.4)
    chunks = np.split(np.arange(40), sorted(cuts))
    order.shuffle(chunks)
    chunked = prior
    for chunk in chunks:
        chunked = chunked.update(features[chunk], residuals[chunk], weights=weights[chunk])
    whole = prior.update(features, residuals, weights=weights)
    np.testing.assert_allclose(chunked.precision, whole.precision, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(chunked.mean, whole.mean, rtol=1e-9, atol=1e-10)


def test_factor_gives_the_covariance_where_the_precision_is_ill_conditioned() -> None:
    features = np.random.default_rng(0).normal(size=(500, 4)) * [1e3, 1.0, 1e-2, 1.0]
    features[:, 3] = features[:, 1] + 1e-5 * features[:, 3]
    posterior = LinearPosterior.prior(4, 1e-3, 1e-4).update(features, np.zeros(500))
    factor = posterior.covariance_factor
    np.testing.assert_allclose(factor.T @ posterior.precision @ factor, np.eye(4), atol=1e-6)
    np.testing.assert_array_equal(posterior.covariance, factor @ factor.T)


def test_evidence_lowers_every_variance_and_zero_weight_changes_nothing() -> None:
    features, residuals, weights = _rows()
    prior = LinearPosterior.prior(4, 1.0, 0.4)
    assert (np.diag(prior.update(features, residuals, weights=weights).covariance) < np.diag(prior.covariance)).all()
    np.testing.assert_array_equal(prior.update(features, residuals, weights=np.zeros(40)).precision, prior.precision)


def test_from_evidence_estimates_the_noise_in_the_same_pass() -> None:
    features, residuals, weights = _rows()
    evidence = Evidence.none(4).add(features, residuals, weights=weights)
    posterior = LinearPosterior.from_evidence(evidence, 1.0)
    assert posterior.noise_variance == evidence.noise_variance(1.0)
    expected = LinearPosterior.prior(4, 1.0, posterior.noise_variance).update(features, residuals, weights=weights)
    np.testing.assert_allclose(posterior.mean, expected.mean)
    assert LinearPosterior.from_evidence(evidence, 1.0, noise_variance=0.2).noise_variance == 0.2


def test_saved_posterior_loads_and_goes_on_learning(tmp_path: Path) -> None:
    features, residuals, weights = _rows()
    posterior = LinearPosterior.prior(4, 1.0, 0.4).update(features[:20], residuals[:20], weights=weights[:20])
    posterior.save(tmp_path / "posterior.npz")
    loaded = LinearPosterior.load(tmp_path / "posterior.npz")
    np.testing.assert_array_equal(loaded.precision, posterior.precision)
    np.testing.assert_array_equal(loaded.moment, posterior.moment)
    rest = (features[20:], residuals[20:], None, weights[20:])
    np.testing.assert_array_equal(loaded.update(*rest).mean, posterior.update(*rest).mean)
    assert [file.name for file in tmp_path.iterdir()] == ["posterior.npz"]


def test_failed_save_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "posterior.npz"
    LinearPosterior.prior(2, 1.0, 0.4).save(path)
    before = path.read_bytes()

    def half_written(stream: BinaryIO, **_: object) -> None:
        stream.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", half_written)
    with pytest.raises(OSError, match="disk full"):
        LinearPosterior.prior(2, 9.0, 0.4).save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["posterior.npz"]


def test_load_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "posterior.npz"
    with pytest.raises(ValueError, match=f"^{path}: No such file or directory$"):
        LinearPosterior.load(path)
    path.write_bytes(b"not an archive")
    with pytest.raises(ValueError, match=f"^{path}: not a posterior: "):
        LinearPosterior.load(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=f"^{path}: not a posterior: "):
        LinearPosterior.load(path)
    np.savez(path, precision=np.eye(2), moment=np.zeros(2))
    with pytest.raises(ValueError, match=f"^{path}: no field noise_variance"):
        LinearPosterior.load(path)
    np.savez(path, precision=np.eye(3), moment=np.zeros(2), noise_variance=1.0)
    with pytest.raises(ValueError, match=f"^{path}: not a posterior: precision: expected shape"):
        LinearPosterior.load(path)
    np.save(tmp_path / "array.npy", np.eye(2))
    with pytest.raises(ValueError, match="array.npy: not a posterior: "):
        LinearPosterior.load(tmp_path / "array.npy")


@pytest.mark.parametrize(
    ("precision", "moment", "noise_variance", "message"),
    [
        (np.eye(3), np.zeros(2), 1.0, r"precision: expected shape \[2, 2\], got \[3, 3\]"),
        (np.eye(2), np.zeros((2, 1)), 1.0, r"moment: expected shape \[any\], got \[2, 1\]"),
        (np.zeros((0, 0)), np.zeros(0), 1.0, "moment: must hold at least one value"),
        (np.full((2, 2), np.nan), np.zeros(2), 1.0, "precision: holds a value that is not finite"),
        (np.eye(2), [0.0, np.inf], 1.0, "moment: holds a value that is not finite"),
        (np.array([[1.0, 0.5], [0.0, 1.0]]), np.zeros(2), 1.0, "precision: not symmetric"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), np.zeros(2), 1.0, "precision: not positive definite"),
        (np.eye(2), np.zeros(2), 0.0, "noise_variance: must be positive and finite, got 0.0"),
        (np.eye(2), np.zeros(2), np.nan, "noise_variance: must be positive and finite, got nan"),
    ],
)
def test_bad_fields_are_refused(precision: Any, moment: Any, noise_variance: float, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        LinearPosterior(precision, moment, noise_variance)


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="^dimension: must be at least 1, got 0$"):
        LinearPosterior.prior(0, 1.0, 1.0)
    with pytest.raises(ValueError, match="^prior_precision: must be positive and finite, got -1.0$"):
        LinearPosterior.prior(2, -1.0, 1.0)
    with pytest.raises(ValueError, match="^evidence: has 3 features where 2 are expected$"):
        LinearPosterior.prior(2, 1.0, 1.0).with_evidence(Evidence.none(3))
    with pytest.raises(ValueError, match="^residuals: holds a value that is not finite$"):
        LinearPosterior.prior(1, 1.0, 1.0).update([[1.0]], [np.nan])


def test_arrays_are_read_only_copies() -> None:
    precision = np.eye(2)
    posterior = LinearPosterior(precision, np.zeros(2), 1.0)
    precision[0, 0] = 7.0
    assert posterior.precision[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        posterior.precision[0, 0] = 7.0
