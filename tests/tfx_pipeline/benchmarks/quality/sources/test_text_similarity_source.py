"""Similarity of texts to those of a history, against plain NumPy."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop
from tfx_pipeline.benchmarks.quality.sources import text_similarity_source
from tfx_pipeline.benchmarks.quality.sources.text_similarity_source import TextSimilaritySource
from tfx_pipeline.evaluation.cases import EvaluationCases

ITEMS = 6
HISTORIES = [[0, 3, 0], [], [5], [1, 2, 3, 4]]
CASES = EvaluationCases.from_lists(list("abcd"), HISTORIES, [[0]] * 4, ITEMS)
TEXTS = np.array([f"text {number} and more" for number in range(ITEMS)], np.object_)


def past(shop: Shop) -> Past:
    return Past(shop, np.zeros(1, np.int64), np.zeros(1, np.int64), 1)


def test_similarity_to_the_history(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(0).normal(size=(ITEMS, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    encoded: list[Sequence[str]] = []

    def encode(encoder: Any, texts: Sequence[str], cache: Path) -> np.ndarray:
        assert encoder == "MiniLM of 9 tokens"
        encoded.append(texts)
        return vectors

    loaded = type("Encoder", (), {"load": staticmethod(lambda folder, tokens: f"MiniLM of {tokens} tokens")})
    monkeypatch.setattr(text_similarity_source, "TextEncoder", loaded)
    monkeypatch.setattr(text_similarity_source, "encode_texts", encode)
    shop = Shop(ITEMS, texts=TEXTS)
    source = TextSimilaritySource("near", decay=0.7, characters=6, tokens=9)
    for fitted in (source.fit(past(shop), 1), source.fit(past(shop), 2)):
        scores = fitted.scores(CASES)["near"]
    last = TextSimilaritySource("last", last_only=True, characters=6, tokens=9).fit(past(shop), 1).scores(CASES)["last"]
    assert encoded == [[f"text {number}" for number in range(ITEMS)]], "once for all pasts of the shop"
    expected, expected_last = np.zeros((2, len(HISTORIES), ITEMS))
    for case, items in enumerate(HISTORIES):
        for since, item in enumerate(reversed(items)):
            expected[case] += 0.7**since * (vectors @ vectors[item])
        if items:
            expected_last[case] = vectors @ vectors[items[-1]]
    np.testing.assert_allclose(scores, expected, atol=1e-6)
    np.testing.assert_allclose(last, expected_last, atol=1e-6)


def test_a_shop_without_texts() -> None:
    with pytest.raises(ValueError, match=r"^texts of the shop are None, expected the text of each item$"):
        TextSimilaritySource().fit(past(Shop(ITEMS)), 1)


def test_a_decay_out_of_range() -> None:
    with pytest.raises(ValueError, match=r"^decay is 1.1, expected more than 0 and at most 1$"):
        TextSimilaritySource(decay=1.1)
