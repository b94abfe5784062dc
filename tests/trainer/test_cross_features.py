import math
from collections.abc import Callable

import numpy as np
import pytest

from trainer.cross_features import CrossFeatures
from trainer.item_store import ItemStore
from trainer.query_side import QuerySide
from trainer.retrieval_graph import RetrievalGraph
from trainer.retrieval_package import RetrievalPackage

HISTORIES = [[0, 6, 0, 2, 12, 0], [], [3, 8], [7]]
KINDS = [[0, 1, 1, 0, 2, 1], [], [0, 1], [2]]
TEXT = [True, False, False, True]
ROWS = np.array([[0, 2, 11, 12], [5, 6, 3, 12], [3, 8, 4, 1], [7, 6, 0, 10]], np.int32)


@pytest.fixture(scope="module")
def features(retrieval_graph: RetrievalGraph) -> CrossFeatures:
    return retrieval_graph.features


@pytest.fixture(scope="module")
def query(make_query: Callable[..., QuerySide]) -> QuerySide:
    return make_query(HISTORIES, KINDS, TEXT)


@pytest.fixture(scope="module")
def computed(features: CrossFeatures, query: QuerySide) -> np.ndarray:
    return features(query, ROWS).numpy()


Past = list[tuple[int, float, int]]
"""(events ago, days ago, item), latest first."""


def past_of(query: QuerySide, request: int) -> Past:
    items, days = HISTORIES[request], query.ages.numpy()[request].tolist()
    return [(len(items) - 1 - place, days[place], item) for place, item in enumerate(items)][::-1]


def neighbour_sum(package: RetrievalPackage, weights: dict[int, float], past: Past, row: int) -> float:
    """What the items of the history, each once at most, say about a candidate; nobody speaks for or of item 12."""
    matrix = package.neighbours_at_ranker_start.matrix().toarray()
    voices: dict[int, float] = {}
    for ago, _, item in past:
        voices[item] = voices.get(item, 0.0) + weights[ago]
    return sum(min(voice, 1.0) * matrix[item, row] for item, voice in voices.items() if max(item, row) < 12)


def expected_features(package: RetrievalPackage, query: QuerySide, request: int, row: int) -> dict[str, float]:
    """Features of one candidate in plain Python, without those of repeats."""
    catalogue, statistics = package.catalogue, package.at_ranker_start
    texts, preferences = package.towers.items.tables["texts"].numpy(), package.preferences()
    past = past_of(query, request)
    values: dict[str, float] = {}
    weights = {ago: math.exp(-ago / 64) for ago, _, _ in past}
    for level in range(3):
        categories = catalogue.categories[:, level]
        same = [(ago, days) for ago, days, item in past if categories[item] == categories[row]]
        share = sum(weights[ago] for ago, _ in same)
        values[f"category_{level + 1}_share"] = share / sum(weights.values()) if past else 0.0
        values[f"category_{level + 1}_count"] = math.log1p(sum(math.exp(-days / 60) for _, days in same))
    values["neighbours_by_events"] = math.log(neighbour_sum(package, weights, past, row) + 1e-3)
    by_days = {ago: math.exp(-days / 90) for ago, days, _ in past}
    values["neighbours_by_days"] = math.log(neighbour_sum(package, by_days, past, row) + 1e-3)
    mean = sum((weights[ago] * texts[item] for ago, _, item in past), np.zeros(5))
    length = np.linalg.norm(mean)
    values["preference"] = preferences[row] @ query.preference.numpy()[request]
    values["query_text"] = texts[row] @ query.text.numpy()[request]
    lexical = query.lexical.numpy()[request]
    values["lexical"] = lexical[row] / lexical.max() if lexical.any() else 0.0
    values["lexical_score"] = math.log1p(lexical[row])
    search = query.search.numpy()[request]
    values["search"] = (search[row] - search.min()) / np.ptp(search) if search.any() else 0.0
    values["has_query"] = float(TEXT[request])
    values["history_text"] = texts[row] @ mean / length if length else 0.0
    shares = ("log_share", "log_week_share", "log_recent_share", "log_quarter_share")
    values |= {name: getattr(statistics, name)[row] for name in (*shares, "repeat_rate")}
    values["log_interval"] = math.log1p(statistics.interval[row])
    values["price"], values["price_known"] = catalogue.prices[row], catalogue.price_known[row]
    values["price_against_category"] = catalogue.price_against_category[row]
    values["is_cold"] = float(statistics.count[row] == 0)
    prices = [catalogue.prices[item] for _, _, item in past if catalogue.price_known[item]]
    comparable = prices and catalogue.price_known[row]
    values["price_against_history"] = catalogue.prices[row] - np.mean(prices) if comparable else 0.0
    values["history_length"] = math.log1p(len(past))
    values["days_since_any"] = math.log1p(past[0][1]) if past else 0.0
    return values


@pytest.mark.parametrize("request_number", range(len(HISTORIES)))
def test_every_feature_agrees_with_python(
    features: CrossFeatures, package: RetrievalPackage, query: QuerySide, computed: np.ndarray, request_number: int
) -> None:
    repeats = len(features.repeats.names)
    assert features.names[:repeats] == features.repeats.names
    for slot, row in enumerate(ROWS[request_number]):
        expected = expected_features(package, query, request_number, row)
        assert tuple(expected) == features.names[repeats:]
        values = computed[request_number, slot].tolist()[repeats:]
        assert dict(zip(expected, values, strict=True)) == pytest.approx(expected, abs=1e-5)


def test_repeats_are_those_of_repeat_features_with_the_intervals_of_the_items(
    features: CrossFeatures, package: RetrievalPackage, query: QuerySide, computed: np.ndarray
) -> None:
    """`RepeatFeatures` has a reference in Python of its own."""
    intervals = package.at_ranker_start.interval[ROWS]
    repeats = features.repeats(query, ROWS, intervals).numpy()
    np.testing.assert_array_equal(computed[:, :, : len(features.repeats.names)], repeats)
    assert np.ptp(intervals) > 0


def test_the_store_has_a_column_for_each_number(features: CrossFeatures, package: RetrievalPackage) -> None:
    store = features.store
    assert store.numbers.shape == (13, len(ItemStore.NUMBERS))
    np.testing.assert_allclose(store.column("log_interval", np.arange(13)), np.log1p(store.intervals), rtol=1e-6)
    np.testing.assert_array_equal(store.column("price", ROWS), package.catalogue.prices[ROWS])


def test_names_are_as_many_as_columns(features: CrossFeatures, computed: np.ndarray) -> None:
    assert computed.shape == (*ROWS.shape, len(features.names))
    assert len(set(features.names)) == len(features.names)


def test_what_differs_between_cases_differs(features: CrossFeatures, computed: np.ndarray) -> None:
    """The cases above reach every feature: none is the same for all candidates."""
    spread = np.ptp(computed.reshape(-1, len(features.names)), axis=0)
    assert dict(zip(features.names, spread > 0, strict=True)) == dict.fromkeys(features.names, True)


def test_padding_contributes_nothing(
    features: CrossFeatures, make_query: Callable[..., QuerySide], computed: np.ndarray
) -> None:
    wide = make_query([*HISTORIES, [0] * 9], [*KINDS, [0] * 9], [*TEXT, False])
    narrow = make_query(HISTORIES, KINDS, TEXT)
    ages = np.concatenate([narrow.ages, np.full((4, 3), -1e4, np.float32)], axis=1)
    query = narrow._replace(history=wide.history[:4], event_types=wide.event_types[:4], ages=ages)
    np.testing.assert_allclose(features(query, ROWS).numpy(), computed, atol=1e-6)
