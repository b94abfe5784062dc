import numpy as np
import pytest

from tfx_pipeline.benchmarks.bandit.wheel import ARMS, Wheel, bump_features, play, wheel_figures


def wheel(rounds: int, delta: float = 0.9) -> Wheel:
    return Wheel.draw(rounds, delta, np.random.default_rng(0))


def test_contexts_fill_the_disk_evenly() -> None:
    radius = np.hypot(*wheel(20_000).contexts.T)
    assert radius.max() <= 1.0
    assert (radius > 0.9).mean() == pytest.approx(1 - 0.9**2, abs=0.01)


def test_each_quadrant_outside_has_an_arm_that_earns_much() -> None:
    drawn = wheel(5_000)
    outside = np.hypot(*drawn.contexts.T) > 0.9
    assert (drawn.expected[~outside] == [1.2, 1.0, 1.0, 1.0, 1.0]).all()
    assert (drawn.expected[:, 0] == 1.2).all()
    assert ((drawn.expected == 50.0).sum(axis=1) == outside).all()
    best = drawn.expected[outside].argmax(axis=1)
    quadrants = {tuple(signs): set() for signs in (drawn.contexts[outside] > 0).tolist()}
    for signs, arm in zip((drawn.contexts[outside] > 0).tolist(), best.tolist(), strict=True):
        quadrants[tuple(signs)].add(arm)
    assert sorted(quadrants.values(), key=min) == [{1}, {2}, {3}, {4}]


def test_regret_is_that_of_the_paper() -> None:
    drawn = wheel(1_000)
    best = drawn.expected.argmax(axis=1)
    assert drawn.regret(best) == 0.0
    uniform = [drawn.regret(np.full(1_000, arm)) for arm in range(ARMS)]
    assert np.mean(uniform) == pytest.approx(drawn.uniform_regret)


def test_features_tell_places_apart_and_end_with_a_constant() -> None:
    features = bump_features(np.array([[0.0, 0.0], [0.95, 0.0]]))
    assert (features[:, -1] == 1.0).all()
    assert features[0, :-1].max() == pytest.approx(1.0) and features[0, :-1] @ features[1, :-1] < 1e-3


@pytest.mark.slow
def test_the_large_reward_is_found() -> None:
    drawn = wheel(4_000, delta=0.5)
    arms = play(drawn, np.random.default_rng(1))
    assert drawn.regret(arms) < 0.1 * drawn.uniform_regret


@pytest.mark.slow
def test_the_figure_is_the_worst_seed() -> None:
    (figure,) = wheel_figures(rounds=300, seeds=2)
    assert figure.target == 0.05 and figure.value is not None and 0 < figure.value < 1
    assert f"{figure.value:.2%}" in figure.how and "300 rounds" in figure.name
