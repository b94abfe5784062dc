"""What every index does, whatever it is built of."""

from functools import cache

import numpy as np
import pytest
import tensorflow as tf

from tests.trainer.index.conftest import ITEMS, TEXT, Shop, shop_of
from trainer.index.building import IndexReport, IndexSettings
from trainer.index.exact import HIDDEN, ExactIndex

KINDS = {
    "exact": IndexSettings("exact"),
    "ivf": IndexSettings("ivf", lists=100),
    "ivf int8": IndexSettings("ivf", lists=100, quantisation="int8"),
    "ivf pq": IndexSettings("ivf", lists=100, quantisation="pq"),
}
SHOPS = ("clustered", "scattered", "duplicated")
RECALL = 0.97  # Wished is .99, over far more queries than these.


class Asked:
    """An index in a graph, as it is served."""

    def __init__(self, shop: Shop, index: ExactIndex, report: IndexReport) -> None:
        self.shop, self.index, self.report = shop, index, report
        self._search = tf.function(self.index.search, autograph=False, reduce_retracing=True)

    def __call__(
        self,
        queries: np.ndarray,
        k: int | list[int],
        allowed: np.ndarray | None = None,
        by_text: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        if allowed is None:
            allowed = np.ones((len(queries), self.shop.preferences.shape[0]), bool)
        texts = np.zeros((len(queries), 0), np.float32) if by_text is None else by_text
        rows, scores = self._search(tf.constant(queries), tf.constant(texts), tf.constant(allowed), tf.constant(k))
        return rows.numpy(), scores.numpy()


@pytest.fixture(scope="module")
def ask(request: pytest.FixtureRequest):
    @cache
    def of(kind: str, shop: str) -> Asked:
        vectors = request.getfixturevalue(shop)
        return Asked(vectors, *vectors.build(KINDS[kind]))

    return of


def truth(shop: Shop, queries: np.ndarray, allowed: np.ndarray | None, k: int) -> np.ndarray:
    """Scores of the best k, from sorting all inner products in NumPy."""
    scores = queries @ shop.preferences.numpy().T / np.sqrt(2)
    if allowed is not None:
        scores = np.where(allowed, scores, HIDDEN)
    return -np.sort(-scores, axis=1)[:, :k]


def recall(scores: np.ndarray, best: np.ndarray) -> float:
    wanted = best > HIDDEN / 2
    return float((np.abs(np.where(wanted, scores >= best[:, -1:] - 1e-5, False))).sum() / max(wanted.sum(), 1))


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize("kind", KINDS)
def test_finds_nearly_what_sorting_finds(ask, kind: str, shop: str) -> None:
    asked = ask(kind, shop)
    queries = asked.shop.queries
    rows, scores = asked(queries, 100)
    best = truth(asked.shop, queries, None, 100)
    assert rows.dtype == np.int32 and rows.shape == scores.shape == (len(queries), 100)
    assert recall(scores, best) >= (1.0 if kind == "exact" else RECALL)
    assert (np.diff(scores, axis=1) <= 1e-6).all()
    assert all(len(set(of_query)) == 100 for of_query in rows.tolist())
    own = np.sum(queries[:, None] * asked.shop.preferences.numpy()[rows], axis=2) / np.sqrt(2)
    np.testing.assert_allclose(scores, own, atol=1e-5)


@pytest.mark.parametrize("share", [0.6, 0.1, 0.005])
@pytest.mark.parametrize("kind", KINDS)
def test_masks_lose_no_recall(ask, kind: str, share: float) -> None:
    asked = ask(kind, "clustered")
    allowed = np.random.default_rng(4).random((64, ITEMS)) < share
    rows, scores = asked(asked.shop.queries, 20, allowed)
    filled = scores > HIDDEN / 2
    assert np.take_along_axis(allowed, rows, axis=1)[filled].all()
    assert recall(scores, truth(asked.shop, asked.shop.queries, allowed, 20)) >= RECALL


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_far_away_is_allowed(ask, kind: str) -> None:
    asked = ask(kind, "clustered")
    scores = asked.shop.queries @ asked.shop.preferences.numpy().T
    allowed = scores < np.median(scores, axis=1, keepdims=True)
    _, found = asked(asked.shop.queries, 20, allowed)
    np.testing.assert_allclose(found, truth(asked.shop, asked.shop.queries, allowed, 20), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_allowed_and_few_allowed(ask, kind: str) -> None:
    asked = ask(kind, "clustered")
    allowed = np.zeros((2, ITEMS), bool)
    allowed[1, [5, 77]] = True
    rows, scores = asked(asked.shop.queries[:2], 4, allowed)
    assert (scores[0] == HIDDEN).all() and (scores[1, 2:] == HIDDEN).all()
    assert set(rows[1, :2].tolist()) == {5, 77}


@pytest.mark.parametrize("kind", KINDS)
def test_each_request_has_its_own_k(ask, kind: str) -> None:
    asked = ask(kind, "clustered")
    _, scores = asked(asked.shop.queries[:4], [3, 0, -1, 7])
    assert scores.shape == (4, 7)
    assert (scores > HIDDEN / 2).sum(axis=1).tolist() == [3, 0, 0, 7]
    assert asked(asked.shop.queries[:2], 0)[0].shape == (2, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_k_beyond_the_catalogue(ask, kind: str) -> None:
    asked = ask(kind, "clustered")
    rows, scores = asked(asked.shop.queries[:1], 10**6)
    assert np.array_equal(np.sort(rows[0]), np.arange(ITEMS))
    np.testing.assert_allclose(scores, truth(asked.shop, asked.shop.queries[:1], None, ITEMS), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_gives_what_each_request_gets_alone(ask, kind: str) -> None:
    asked = ask(kind, "clustered")
    random = np.random.default_rng(5)
    allowed = random.random((6, ITEMS)) < np.array([1, 0.5, 0.01, 1, 0, 1])[:, None]
    by_text = random.normal(size=(6, ITEMS)).astype(np.float32) * np.array([0, 0, 0, 1, 0, 0], np.float32)[:, None]
    together = asked(asked.shop.queries[:6], [9, 9, 9, 9, 9, 2], allowed, by_text)
    for number, k in enumerate([9, 9, 9, 9, 9, 2]):
        one = slice(number, number + 1)
        rows, scores = asked(asked.shop.queries[one], k, allowed[one], by_text[one])
        filled = scores[0] > HIDDEN / 2
        np.testing.assert_allclose(together[1][number, :k], scores[0], atol=1e-5)
        np.testing.assert_array_equal(together[0][number, :k][filled], rows[0][filled])


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_is_searched_exactly(ask, kind: str) -> None:
    asked = ask(kind, "clustered")
    text = np.random.default_rng(6).normal(size=(2, TEXT)).astype(np.float32)
    by_text = asked.index.by_text(tf.constant(text)).numpy()
    _, scores = asked(asked.shop.queries[:2], 10, by_text=by_text)
    expected = (asked.shop.queries[:2] @ asked.shop.preferences.numpy().T + text @ asked.shop.texts.numpy().T) / 2**0.5
    np.testing.assert_allclose(scores, -np.sort(-expected, axis=1)[:, :10], atol=1e-5)


@pytest.mark.parametrize("items", [1, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_tiny_catalogues(kind: str, items: int) -> None:
    random = np.random.default_rng(items)
    shop = shop_of(random.normal(size=(items, 6)), random.normal(size=(3, 6)))
    settings = IndexSettings(KINDS[kind].kind, quantisation=KINDS[kind].quantisation)
    asked = Asked(shop, *shop.build(settings))
    rows, scores = asked(shop.queries, 4)
    assert rows.shape == (3, min(4, items))
    np.testing.assert_allclose(scores, truth(shop, shop.queries, None, 4), atol=1e-5)
    assert (asked(shop.queries, 4, np.zeros((3, items), bool))[1] == HIDDEN).all()


@pytest.mark.parametrize("quantisation", ["none", "int8", "pq"])
def test_all_lists_are_the_whole_catalogue(scattered: Shop, quantisation: str) -> None:
    settings = IndexSettings("ivf", lists=40, probes=10**6, rescored=100, quantisation=quantisation)
    index, _ = scattered.build(settings)
    rows, scores = Asked(scattered, index, _)(scattered.queries, 30)
    exact_rows, exact_scores = Asked(scattered, scattered.exact, _)(scattered.queries, 30)
    np.testing.assert_array_equal(rows, exact_rows)
    np.testing.assert_allclose(scores, exact_scores, atol=1e-5)


@pytest.mark.parametrize("kind", ["ivf", "ivf pq"])
def test_works_from_a_saved_model(ask, kind: str, tmp_path) -> None:
    asked = ask(kind, "clustered")
    signature = [
        tf.TensorSpec([None, 16]),
        tf.TensorSpec([None, None]),
        tf.TensorSpec([None, None], tf.bool),
        tf.TensorSpec([], tf.int32),
    ]
    module = tf.Module()
    module.index = asked.index
    module.search = tf.function(asked.index.search, input_signature=signature, autograph=False)
    tf.saved_model.save(module, str(tmp_path))
    queries = asked.shop.queries[:5]
    loaded = tf.saved_model.load(str(tmp_path))
    rows, scores = loaded.search(queries, tf.zeros([5, 0]), tf.ones([5, ITEMS], tf.bool), tf.constant(12))
    expected = asked(queries, 12)
    np.testing.assert_array_equal(rows, expected[0])
    np.testing.assert_allclose(scores, expected[1], atol=1e-5)
