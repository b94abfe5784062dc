from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.trainer.text_training.pretraining_shop import encoder_of
from trainer.text_training.cross_encoder import CrossEncoder
from trainer.text_training.cross_encoder_settings import CrossEncoderSettings
from trainer.text_training.cross_encoder_training import reranked_scores, train_cross_encoder
from trainer.text_training.search_pairs import SearchPairs

NAMES = ["whole", "skimmed", "rye", "white", "old", "young", "green", "mild"]
DOCUMENTS = [f"{name} {thing}" for name in NAMES for thing in ("milk", "bread")]
PAIRS = SearchPairs.of([f"{name} soap" for name in NAMES], [2 * row for row in range(len(NAMES))])
SETTINGS = CrossEncoderSettings(
    epochs=30,
    batch_queries=8,
    negatives=1,
    negative_depth=2,
    learning_rate=0.01,
    head_learning_rate=0.05,
    lengths=(12,),
    patience=30,
    reranked=2,
)


@pytest.fixture
def model() -> CrossEncoder:
    return CrossEncoder(encoder_of([*NAMES, "milk", "bread", "soap"], max_tokens=12), query_tokens=3)


def test_it_learns_to_prefer_the_answer_to_its_hard_negatives(model: CrossEncoder) -> None:
    """BM25 cannot tell which of the two products with the queried word is meant; the answer has `milk`."""
    history = train_cross_encoder(model, DOCUMENTS, PAIRS, SETTINGS, SearchPairs.of([], []))
    losses = [epoch.loss for epoch in history.epochs]
    assert len(losses) == history.best_epoch == 30
    assert np.mean(losses[-3:]) < 0.6 * np.mean(losses[:3])
    scores = model.scores(PAIRS.queries, np.array(DOCUMENTS, object).reshape(-1, 2))
    assert np.mean(scores[:, 0] > scores[:, 1]) > 0.8


def test_the_order_of_bm25_s_best_is_measured_on_held_out_queries(model: CrossEncoder) -> None:
    told: list[Any] = []
    settings = replace(SETTINGS, epochs=2, accumulation_steps=2)
    history = train_cross_encoder(model, DOCUMENTS, PAIRS, settings, PAIRS, progress=lambda *each: told.append(each))
    assert (history.pairs, history.held_out, history.start_mrr) == (8, 8, 1.0)
    measured = [epoch.held_out_mrr for epoch in history.epochs]
    assert history.best_mrr == max(mrr for mrr in measured if mrr is not None)
    assert measured[history.best_epoch - 1] == history.best_mrr
    assert [each[:3] for each in told] == [("training the cross-encoder", step + 1, 2) for step in range(2)]


def test_only_the_first_stage_s_best_are_put_in_a_new_order(model: CrossEncoder) -> None:
    first_stage = np.array([[5, 4, 3, 2, 1, 0], [0, 1, 2, 3, 4, 5]], np.float32)
    texts = np.array(DOCUMENTS[:6], object)
    block = reranked_scores(model, ["milk", "bread"], texts, lambda first, last: first_stage[first:last], 3)(0, 2)
    own = model.scores(np.array(["milk", "bread"], object), np.array([texts[:3], texts[3:]], object))
    np.testing.assert_array_equal(np.argsort(-block[0, :3]), np.argsort(-own[0]))
    np.testing.assert_array_equal(np.argsort(-block[1, 3:]), np.argsort(-own[1]))
    assert block[0, :3].min() > block[0, 3:].max()
    np.testing.assert_array_equal(block[0, 3:], first_stage[0, 3:])


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"negatives": 0}, "negatives is 0, must be at least 1"),
        ({"warmup_share": -0.1}, "warmup_share is -0.1, must be 0 to 1"),
        ({"lengths": (64, 32)}, "lengths is [64, 32], must be rising"),
    ],
)
def test_settings_that_cannot_be(values: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError) as error:
        CrossEncoderSettings(**values)
    assert str(error.value) == line


def test_no_pairs(model: CrossEncoder) -> None:
    with pytest.raises(ValueError, match="^no pairs of query and document to train on$"):
        train_cross_encoder(model, DOCUMENTS, SearchPairs.of([], []), SETTINGS)
