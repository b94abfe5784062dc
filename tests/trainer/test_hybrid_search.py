import zlib
from collections.abc import Sequence

import numpy as np
import pytest

from trainer.hybrid_search import HybridSearch
from trainer.lexical.lexical_index import LexicalIndex
from trainer.lexical.words import words
from trainer.text_encoder import TextEncoder

DOCUMENTS = ["red dining chair", "blue couch for two", "green table", "brass floor lamp", "oak shelf", "chair cushion"]
MEANINGS = {"sofa": "couch", "seat": "chair", "desk": "table"}


def encode(texts: Sequence[str]) -> np.ndarray:
    """Words that mean the same share a direction."""
    vectors = np.full((len(texts), 16), 1e-3)
    for vector, text in zip(vectors, texts, strict=True):
        for word in words(text):
            vector[zlib.crc32(MEANINGS.get(word, word).encode()) % 16] += 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def noise(texts: Sequence[str]) -> np.ndarray:
    """Vectors that say nothing."""
    return np.array([np.random.default_rng(zlib.crc32(text.encode())).normal(size=4) for text in texts])


@pytest.fixture(scope="module")
def search() -> HybridSearch:
    return HybridSearch(DOCUMENTS, encode)


@pytest.mark.parametrize(("query", "row"), [("red chair", 0), ("sofa", 1), ("brass lmap", 3), ("green desk", 2)])
def test_finds_by_words_and_by_meaning(search: HybridSearch, query: str, row: int) -> None:
    rows, scores = search.search([query], 3)
    assert rows[0, 0] == row
    assert rows.shape == scores.shape == (1, 3) and (np.diff(scores[0]) <= 0).all()
    assert rows.dtype == np.int32 and scores.dtype == np.float32


def test_fit_chooses_a_fusion(search: HybridSearch) -> None:
    queries = ["red seat", "sofa for two", "green desk", "floor lamp", "oak shelf", "cushion"]
    fitted = HybridSearch(DOCUMENTS, encode, search.indexes).fit(queries, np.arange(6))
    assert set(fitted.fusion.validation) == {"sum", "reciprocal_rank", "learned"}
    assert fitted.search(queries, 1)[0][:, 0].tolist() == [0, 1, 2, 3, 4, 5]


def test_takes_several_indexes_and_encoders() -> None:
    indexes = {"words": LexicalIndex(DOCUMENTS), "pieces": LexicalIndex(DOCUMENTS, kind="pieces")}
    search = HybridSearch(DOCUMENTS, {"meaning": encode, "random": noise}, indexes)
    assert list(search.fusion.weights) == list(search.scores(["sofa"])) == ["words", "pieces", "meaning", "random"]
    queries = ["red seat", "sofa for two", "green desk", "floor lamp", "oak shelves", "cushion"]
    weights = search.fit(queries, np.arange(6), ["learned"]).fusion.weights
    assert max(map(abs, weights["random"])) < max(weights["meaning"])
    assert search.search(["oak shelves"], 1)[0].tolist() == [[4]]


def test_held_out_scores_stand_for_those_of_a_source(search: HybridSearch) -> None:
    """An encoder that was trained on the queries is not believed where its held-out scores say nothing."""
    queries = ["red seat", "sofa for two", "green desk", "floor lamp", "oak shelf", "cushion"]
    fitted = HybridSearch(DOCUMENTS, encode, search.indexes)
    fitted.fit(queries, np.arange(6), ["learned"], {"dense": np.zeros((6, 6), np.float32)})
    assert fitted.fusion.weights["dense"] == pytest.approx((0, 0))
    trusting = HybridSearch(DOCUMENTS, encode, search.indexes).fit(queries, np.arange(6), ["learned"])
    assert max(trusting.fusion.weights["dense"]) > 0


@pytest.mark.parametrize("queries", [[], [""], ["❤️", "x" * 100_000]])
def test_answers_what_says_nothing(search: HybridSearch, queries: list[str]) -> None:
    rows, scores = search.search(queries, 100)
    assert rows.shape == (len(queries), len(DOCUMENTS)) and np.isfinite(scores).all()


def test_a_text_encoder_encodes(text_encoder: TextEncoder) -> None:
    search = HybridSearch(["whole milk", "rye bread", "soft brush"], text_encoder)
    np.testing.assert_allclose(
        search.vectors["dense"], text_encoder(["whole milk", "rye bread", "soft brush"]), atol=1e-5
    )
    assert search.search(["rye bread"], 1)[0].tolist() == [[1]]


def test_refuses_what_does_not_fit(search: HybridSearch) -> None:
    with pytest.raises(ValueError, match="^documents is empty$"):
        HybridSearch([], encode)
    with pytest.raises(ValueError, match="^lexical has 1 documents, expected 6$"):
        HybridSearch(DOCUMENTS, encode, LexicalIndex(["chair"]))
    with pytest.raises(ValueError, match="^dense names an index and an encoder$"):
        HybridSearch(DOCUMENTS, encode, {"dense": search.indexes["lexical"]})
    with pytest.raises(ValueError, match="^held_out names 'sparse', expected of lexical, dense$"):
        search.fit(["chair"], np.zeros(1, np.int64), held_out={"sparse": np.zeros((1, 6), np.float32)})
    with pytest.raises(ValueError, match=r"^encode gave vectors of shape \(1, 2\) for 6 texts$"):
        HybridSearch(DOCUMENTS, lambda texts: np.ones((1, 2)))
    with pytest.raises(ValueError, match="^k is 0, expected 1 or more$"):
        search.search(["chair"], 0)
