"""What is counted from carts, favourites and purchases, against plain NumPy."""

import numpy as np
import pytest

from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop
from tfx_pipeline.benchmarks.quality.sources.behaviour_cosines_source import BehaviourCosinesSource
from tfx_pipeline.benchmarks.quality.sources.behaviour_ease_source import BehaviourEaseSource
from tfx_pipeline.benchmarks.quality.sources.conversion_features import ConversionFeatures
from tfx_pipeline.benchmarks.quality.sources.event_counts_source import EventCountsSource
from tfx_pipeline.benchmarks.quality.sources.own_behaviours_source import OwnBehavioursSource, OwnCountFeatures
from tfx_pipeline.benchmarks.quality.sources.user_items import user_items
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged

USERS, ITEMS = 9, 7
TYPES = ("cart", "favorite", "purchase")
WANTED, ALL = ["cart", "favorite"], list(TYPES)
GENERATOR = np.random.default_rng(3)
TABLE = GENERATOR.random((USERS, ITEMS, len(TYPES))) < 0.35
PLACES = np.argwhere(TABLE)
PAST = Past(Shop(ITEMS, event_types=TYPES), PLACES[:, 0], PLACES[:, 1], USERS, behaviours=PLACES[:, 2])
ASKED = [4, 0, 8]
CASES = EvaluationCases.from_lists([str(user) for user in ASKED], [[]] * 3, [[0]] * 3, ITEMS)


def matrix(*event_types: str) -> np.ndarray:
    return TABLE[:, :, [TYPES.index(event_type) for event_type in event_types]].any(axis=2).astype(np.float64)


@pytest.mark.parametrize("event_types", [ALL, ["purchase"]])
def test_cosines(event_types: list[str]) -> None:
    held = matrix(*event_types)
    together = held.T @ held
    lengths = np.sqrt(np.diag(together))
    cosines = together / np.maximum(np.outer(lengths, lengths), 1e-9)
    np.fill_diagonal(cosines, 0)
    scores = BehaviourCosinesSource({"near": event_types}).fit(PAST, 1).scores(CASES)["near"]
    np.testing.assert_allclose(scores, held[ASKED] @ cosines, atol=1e-5)


def test_ease() -> None:
    held = matrix(*ALL)
    columns = np.sort(np.argsort(-held.sum(axis=0), kind="stable")[:5])
    inverse = np.linalg.inv(held[:, columns].T @ held[:, columns] + 2 * np.eye(5))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    expected = np.zeros((3, ITEMS))
    expected[:, columns] = held[ASKED][:, columns] @ weights
    scores = BehaviourEaseSource(ALL, regularisation=2.0, items=5).fit(PAST, 1).scores(CASES)["ease"]
    np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_own_items_and_their_number() -> None:
    of = {"cart": ["cart"], "wanted": WANTED}
    scores = OwnBehavioursSource(of).fit(PAST, 1).scores(CASES)
    candidates = Ragged.from_lists([[1, 2], [], [0, 5, 6]])
    counts = OwnCountFeatures(of).fit(PAST, 1).columns(CASES, candidates)
    for name, event_types in of.items():
        np.testing.assert_array_equal(scores[name], matrix(*event_types)[ASKED])
        np.testing.assert_array_equal(counts[name], matrix(*event_types)[ASKED].sum(axis=1)[candidates.owners])


def test_event_counts_take_every_event() -> None:
    scores = EventCountsSource({"purchases": ["purchase"], "all": ALL}).fit(PAST, 1).scores(CASES)
    np.testing.assert_array_equal(scores["purchases"], np.tile(TABLE[:, :, 2].sum(axis=0), (3, 1)))
    np.testing.assert_array_equal(scores["all"], np.tile(TABLE.sum(axis=(0, 2)), (3, 1)))


def test_conversion() -> None:
    wanted, bought = matrix(*WANTED), matrix("purchase")
    both = (wanted * bought).sum(axis=0)
    mean = both.sum() / wanted.sum()
    rate = (both + 20 * mean) / (wanted.sum(axis=0) + 20)
    candidates = Ragged.from_lists([list(range(ITEMS)), [], []])
    columns = ConversionFeatures(WANTED, ["purchase"]).fit(PAST, 1).columns(CASES, candidates)
    np.testing.assert_allclose(columns["conversion"], np.log(rate / mean), atol=1e-6)


def test_conversion_of_nobody() -> None:
    bought = TABLE[PLACES[:, 0], PLACES[:, 1], 2] & (PLACES[:, 2] != 2)
    past = Past(PAST.shop, PAST.users[~bought], PAST.items[~bought], USERS, behaviours=PAST.behaviours[~bought])
    with pytest.raises(ValueError, match=r"^bought is \['purchase'\]: no user has both an event of these types and"):
        ConversionFeatures(WANTED, ["purchase"]).fit(past, 1)


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match=r"^prior is 0, expected more than 0$"):
        ConversionFeatures(WANTED, ["purchase"], prior=0)
    with pytest.raises(ValueError, match=r"^event_types holds 'view', expected some of cart, favorite, purchase$"):
        user_items(PAST, ["cart", "view"])
    without = Past(PAST.shop, PAST.users, PAST.items, USERS)
    with pytest.raises(ValueError, match=r"^behaviours of the past are None, expected the type of each event$"):
        user_items(without, ["cart"])
