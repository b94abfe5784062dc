from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize

from trainer.conditional_logit import ConditionalLogit, loss_and_gradient

SOURCES = ["towers", "transitions", "noise"]
Choices = tuple[np.ndarray, np.ndarray, np.ndarray]


def choices(seed: int, cases: int = 60, candidates: int = 7) -> Choices:
    """Choices by 2 z_0 + z_1, never by the third source; one or two positives, some candidates not valid."""
    random = np.random.default_rng(seed)
    scores = random.normal(size=(cases, candidates, 3))
    valid = random.random((cases, candidates)) < 0.9
    valid[:, :2] = True
    utility = np.where(valid, 2 * scores[..., 0] + scores[..., 1] + random.gumbel(size=valid.shape), -np.inf)
    positives = utility == utility.max(axis=1, keepdims=True)
    second = np.argsort(-utility, axis=1)[:, 1]
    positives[np.arange(0, cases, 3), second[::3]] = True
    return scores, positives, valid


def loss_by_hand(weights: np.ndarray, scores: np.ndarray, positives: np.ndarray, valid: np.ndarray, l2: float) -> float:
    """Case by case and positive by positive."""
    known = scores[valid]
    standard = (scores - known.mean(axis=0)) / known.std(axis=0)
    total = 0.0
    for case, chosen, there in zip(standard, positives, valid, strict=True):
        exponentials = np.exp(case[there] @ weights)
        total -= np.mean([np.log(np.exp(row @ weights) / exponentials.sum()) for row in case[chosen]])
    return total / len(scores) + l2 / 2 * float(weights @ weights)


@pytest.mark.parametrize("l2", [1e-3, 0.5])
def test_the_weights_are_the_optimum_of_the_loss_written_out(l2: float) -> None:
    scores, positives, valid = choices(0)
    found = ConditionalLogit.fit(SOURCES, scores, positives, valid, l2)
    optimum = minimize(
        loss_by_hand, np.ones(3), (scores, positives, valid, l2), "Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12}
    )
    np.testing.assert_allclose(found.weights, optimum.x, atol=1e-4)


@given(st.integers(0, 9_999), st.floats(1e-4, 2.0))
@settings(max_examples=25, deadline=None)
def test_the_gradient_is_that_of_finite_differences(seed: int, l2: float) -> None:
    scores, positives, valid = choices(seed, 8)
    weights = np.random.default_rng(seed).normal(size=3)
    _, gradient = loss_and_gradient(weights, scores, positives, valid, l2)
    slope = approx_fprime(weights, lambda at: loss_and_gradient(at, scores, positives, valid, l2)[0], 1e-7)
    np.testing.assert_allclose(gradient, slope, atol=1e-5)


@given(st.integers(0, 9_999))
@settings(max_examples=20, deadline=None)
def test_the_loss_is_convex(seed: int) -> None:
    arguments = (*choices(seed, 8), 0.01)
    one, other = np.random.default_rng(seed).normal(0, 3, (2, 3))
    middle = loss_and_gradient((one + other) / 2, *arguments)[0]
    assert middle < (loss_and_gradient(one, *arguments)[0] + loss_and_gradient(other, *arguments)[0]) / 2


def test_planted_weights_are_found_and_a_useless_source_gets_none() -> None:
    scores, _, valid = choices(1, 20_000, 6)
    noise = np.random.default_rng(2).gumbel(size=valid.shape)
    utility = np.where(valid, 2 * scores[..., 0] + scores[..., 1] + noise, -np.inf)
    found = ConditionalLogit.fit(SOURCES, scores, utility == utility.max(axis=1, keepdims=True), valid, 1e-6)
    np.testing.assert_allclose(found.weights, [2, 1, 0], atol=0.06)


def test_neither_scale_nor_origin_of_a_source_matters() -> None:
    scores, positives, valid = choices(3)
    plain = ConditionalLogit.fit(SOURCES, scores, positives, valid)
    moved = scores * [1_000.0, 0.001, 5.0] + [7.0, -3.0, 100.0]
    found = ConditionalLogit.fit(SOURCES, moved, positives, valid)
    np.testing.assert_allclose(found.weights, plain.weights, atol=1e-4)
    np.testing.assert_allclose(found.score(moved), plain.score(scores), atol=1e-3)


def test_a_source_that_says_the_same_of_all_gets_no_weight() -> None:
    scores, positives, valid = choices(4)
    scores[..., 2] = 0.1
    found = ConditionalLogit.fit(SOURCES, scores, positives, valid)
    assert abs(found.weights[2]) < 1e-9 and np.isfinite(found.weights).all()


def test_an_unknown_candidate_counts_as_the_lowest_one() -> None:
    scores, positives, valid = choices(5)
    scores[scores[..., 1] < -1, 1] = -np.inf
    found = ConditionalLogit.fit(SOURCES, scores, positives, valid)
    lowest = np.where(np.isfinite(scores[..., 1]), scores[..., 1], np.inf)[valid].min()
    filled = np.maximum(scores, [-np.inf, lowest, -np.inf])
    np.testing.assert_array_equal(found.weights, ConditionalLogit.fit(SOURCES, filled, positives, valid).weights)
    np.testing.assert_allclose(found.score(scores)[valid], found.score(filled)[valid])
    assert np.isfinite(found.score(np.full((2, 3), -np.inf))).all()


def test_what_is_not_valid_or_without_positives_does_not_count() -> None:
    scores, positives, valid = choices(6)
    plain = ConditionalLogit.fit(SOURCES, scores, positives, valid)
    scores[~valid] = np.nan
    more = (np.concatenate([part, part[:4]]) for part in (scores * 1.0, positives, valid))
    more_scores, more_positives, more_valid = more
    more_positives[-4:] = False
    more_scores[-4:] = np.nan
    found = ConditionalLogit.fit(SOURCES, more_scores, more_positives, more_valid)
    np.testing.assert_array_equal(found.weights, plain.weights)


def test_the_same_input_gives_the_same_weights() -> None:
    one, other = (ConditionalLogit.fit(SOURCES, *choices(7)) for _ in range(2))
    np.testing.assert_array_equal(one.weights, other.weights)


def test_a_saved_mixture_comes_back(tmp_path: Path) -> None:
    scores, positives, valid = choices(8)
    saved = ConditionalLogit.fit(SOURCES, scores, positives, valid)
    saved.save(tmp_path / "mixture")
    loaded = ConditionalLogit.load(tmp_path / "mixture")
    assert loaded.sources == tuple(SOURCES)
    np.testing.assert_array_equal(loaded.score(scores), saved.score(scores))


def _with(values: np.ndarray, place: Any, value: float) -> np.ndarray:
    values = values.copy()
    values[place] = value
    return values


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s, p, v: (SOURCES[:2], s, p, v, 1.0), "scores of shape .* and 2 sources do not fit together"),
        (lambda s, p, v: (SOURCES, s, p, v[:1], 1.0), r"scores of shape .*, valid of \(1, 7\) .* do not fit together"),
        (lambda s, p, v: (SOURCES, s, p, v, 0.0), r"l2 is 0\.0, expected more than 0"),
        (lambda s, p, v: (SOURCES, s, p, ~p, 1.0), "positives holds a candidate that is not valid"),
        (lambda s, p, v: (SOURCES, s, p & False, v, 1.0), "positives holds no positive in any case"),
        (lambda s, p, v: (SOURCES, _with(s, (0, 0, 1), np.nan), p, v, 1.0), "scores holds NaN or .inf for a valid .*"),
        (lambda s, p, v: (SOURCES, _with(s, (0, 0, 1), np.inf), p, v, 1.0), "scores holds NaN or .inf for a valid .*"),
        (
            lambda s, p, v: (SOURCES, _with(s, (..., 1), -np.inf), p, v, 1.0),
            "scores of source 'transitions' are -inf for every valid candidate",
        ),
    ],
)
def test_bad_arguments_are_refused(change: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        ConditionalLogit.fit(*change(*choices(9)))


def test_scores_of_other_sources_are_refused() -> None:
    fitted = ConditionalLogit.fit(SOURCES, *choices(0))
    with pytest.raises(ValueError, match="^scores have 2 sources, expected 3$"):
        fitted.score(np.zeros((4, 2)))
