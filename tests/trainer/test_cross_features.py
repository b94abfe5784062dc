import math
from collections.abc import Callable

import numpy as np
import pytest

from trainer.cross_features import CrossFeatures
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


def expected_features(package: RetrievalPackage, query: QuerySide, request: int, row: int) -> dict[str, float]:
    """Features of one candidate in plain Python."""
    catalogue, statistics = package.catalogue, package.at_ranker_start
    texts, preferences = package.towers.items.tables["texts"].numpy(), package.preferences()
    past = list(enumerate(zip(HISTORIES[request][::-1], KINDS[request][::-1], strict=True)))
    values: dict[str, float] = {}
    for name, tau in (("8", 8), ("32", 32), ("128", 128), ("1e+09", 1e9)):
        values[f"count_tau_{name}"] = math.log1p(sum(math.exp(-ago / tau) for ago, (item, _) in past if item == row))
    for objective, kind in (("purchase", 0), ("click", 1)):
        values[f"count_{objective}"] = math.log1p(sum(event == (row, kind) for _, event in past))
    weights = {ago: math.exp(-ago / 64) for ago, _ in past}
    for level in range(3):
        categories = catalogue.categories[:, level]
        same = sum(weights[ago] for ago, (item, _) in past if categories[item] == categories[row])
        values[f"category_{level + 1}_share"] = same / sum(weights.values()) if past else 0.0
    mean = sum((weights[ago] * texts[item] for ago, (item, _) in past), np.zeros(5))
    length = np.linalg.norm(mean)
    values["preference"] = preferences[row] @ query.preference.numpy()[request]
    values["query_text"] = texts[row] @ query.text.numpy()[request]
    values["has_query"] = float(TEXT[request])
    values["history_text"] = texts[row] @ mean / length if length else 0.0
    values |= {name: getattr(statistics, name)[row] for name in ("log_share", "log_recent_share", "repeat_rate")}
    values["price"], values["price_known"] = catalogue.prices[row], catalogue.price_known[row]
    values["is_cold"] = float(statistics.count[row] == 0)
    prices = [catalogue.prices[item] for _, (item, _) in past if catalogue.price_known[item]]
    comparable = prices and catalogue.price_known[row]
    values["price_against_history"] = catalogue.prices[row] - np.mean(prices) if comparable else 0.0
    values["history_length"] = math.log1p(len(past))
    return values


@pytest.mark.parametrize("request_number", range(len(HISTORIES)))
def test_every_feature_agrees_with_python(
    features: CrossFeatures, package: RetrievalPackage, query: QuerySide, computed: np.ndarray, request_number: int
) -> None:
    for slot, row in enumerate(ROWS[request_number]):
        expected = expected_features(package, query, request_number, row)
        assert tuple(expected) == features.names
        actual = dict(zip(features.names, computed[request_number, slot].tolist(), strict=True))
        assert actual == pytest.approx(expected, abs=1e-5)


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
    query = narrow._replace(history=wide.history[:4], event_types=wide.event_types[:4], ages=wide.ages[:4])
    np.testing.assert_allclose(features(query, ROWS).numpy(), computed, atol=1e-6)
