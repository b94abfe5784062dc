import numpy as np
import pytest

from tests.tfx_pipeline.benchmarks.quality.sources.small_shop import small_snapshot
from tfx_pipeline.benchmarks.quality.learn import learned_rankers
from tfx_pipeline.benchmarks.quality.mixture_ranker import LearningTable
from tfx_pipeline.benchmarks.quality.network_ranker import NetworkRanker, ScaledNetworks, fit_network
from tfx_pipeline.benchmarks.quality.settings import NetworkSettings, QualitySettings
from tfx_pipeline.benchmarks.quality.task import QualityData
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import check_rankings

SETTINGS = NetworkSettings(hidden=[16], epochs=40, batch=16, learning_rate=0.01)
QUICK = SETTINGS.model_copy(update={"epochs": 1})


def table(seed: int, cases: int = 120) -> LearningTable:
    """The best candidate is the one whose first input is nearest to its second one: no weighted sum finds it."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(2, 7, cases)
    candidates = Ragged.from_lists([list(range(length)) for length in lengths])
    inputs = generator.normal(100, 20, (len(candidates.values), 2)).astype(np.float32)
    gaps = np.abs(inputs[:, 0] - inputs[:, 1])
    smallest = np.minimum.reduceat(gaps, candidates.offsets[:-1])
    return LearningTable(inputs, gaps == smallest[candidates.owners], candidates)


def hits(scores: np.ndarray, learned: LearningTable) -> float:
    owners = learned.candidates.owners
    best = np.maximum.reduceat(scores, learned.candidates.offsets[:-1])
    return float(((scores == best[owners]) & learned.positives).sum() / len(learned.candidates))


@pytest.mark.slow
def test_network_finds_what_no_sum_does() -> None:
    fitted = fit_network([table(0), table(1)], SETTINGS, seed=1)
    asked = table(2)
    assert hits(fitted.score(asked.inputs, asked.candidates), asked) > 0.75


@pytest.fixture(scope="module")
def quick() -> ScaledNetworks:
    return fit_network([table(0)], QUICK, seed=2)


def test_scores_of_a_case_do_not_depend_on_the_others(quick: ScaledNetworks) -> None:
    asked = table(2, cases=70)
    scores = quick.score(asked.inputs, asked.candidates)
    start, end = asked.candidates.offsets[66:68]
    alone = quick.score(asked.inputs[start:end], Ragged.from_lists([[0] * (end - start)]))
    np.testing.assert_allclose(scores[start:end], alone, atol=1e-5)
    assert quick.score(asked.inputs[:0], Ragged.from_lists([])).shape == (0,)


def test_members_are_the_networks_of_their_seeds(quick: ScaledNetworks) -> None:
    """The two members of seed 1 are those of seeds 2 and 3 alone."""
    other = fit_network([table(0)], QUICK, seed=3)
    both = fit_network([table(0)], QUICK.model_copy(update={"members": 2}), seed=1)
    asked = table(2)
    second, third, mean = (each.score(asked.inputs, asked.candidates) for each in (quick, other, both))
    assert np.abs(second - third).max() > 1e-3
    np.testing.assert_allclose(mean, (second + third) / 2, atol=1e-5)


def test_inputs_far_out_are_cut_off(quick: ScaledNetworks) -> None:
    far = np.array([[1e6, 100], [1e9, 100]], np.float32)
    scores = quick.score(far, Ragged.from_lists([[0, 1]]))
    assert scores[0] == pytest.approx(scores[1])


def test_cases_without_a_positive_teach_nothing(quick: ScaledNetworks) -> None:
    known = table(0)
    empty = LearningTable(known.inputs, np.zeros_like(known.positives), known.candidates)
    beside = fit_network([known, empty], QUICK, seed=2)
    expected = quick.score(known.inputs, known.candidates)
    np.testing.assert_allclose(beside.score(known.inputs, known.candidates), expected, atol=1e-4)


def test_a_file_may_ask_for_a_network() -> None:
    settings = QualitySettings.model_validate(
        {
            "sources": {"popularity": {"kind": "recent_popularity"}, "own": {"kind": "own_rhythm"}},
            "pool": {"best": {"recent_popularity": 5}, "most": 8, "most_by": ["own_120d", "recent_popularity"]},
            "columns": ["own", {"of": "own_120d"}, {"of": "recent_popularity", "form": "log_share"}],
            "model": "network",
            "network": {"hidden": [8], "epochs": 2, "batch": 4},
            "seeds": [1, 2],
        }
    )
    data = QualityData([small_snapshot(0), small_snapshot(1)], small_snapshot(2), {})
    rankers = list(learned_rankers(data, settings, new_only=False))
    assert len(rankers) == 2 and all(isinstance(ranker, NetworkRanker) for ranker in rankers)
    cases = data.test.cases
    rankings = [ranker(cases, 5, False) for ranker in rankers]
    for ranking in rankings:
        check_rankings(ranking.items, cases)
    assert not np.array_equal(rankings[0].scores, rankings[1].scores)
