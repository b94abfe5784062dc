from collections.abc import Sequence

import numpy as np
import pytest
import tensorflow as tf

from trainer.text_encoder import TextEncoder
from trainer.text_training.padded_tokens import PaddedTokens
from trainer.text_training.search_batches import SearchBatches, batch_count, shuffled_batches
from trainer.text_training.search_pairs import Answers, SearchPairs
from trainer.text_training.search_settings import SearchTrainingSettings

DOCUMENTS = ["milk", "whole milk for baby", "rye bread", "soft brush for mild soap shampoo", "white bread"]


@pytest.fixture(scope="module")
def tokens(text_encoder: TextEncoder) -> PaddedTokens:
    return PaddedTokens.of(text_encoder, DOCUMENTS, (4, 6))


def test_texts_are_cut_to_the_longest_length_and_keep_their_end(
    text_encoder: TextEncoder, tokens: PaddedTokens
) -> None:
    assert tokens.lengths.tolist() == [3, 6, 4, 6, 4]
    assert tokens.padded_length(np.arange(5)).tolist() == [4, 6, 4, 6, 4]
    ids, mask = tokens.batch(np.array([3, 0]))
    whole = text_encoder.tokenize(tf.constant([DOCUMENTS[3]]))["token_ids"].numpy()[0]
    assert ids[0].tolist() == [*whole[:5], whole[-1]]
    assert mask.tolist() == [[1] * 6, [1, 1, 1, 0, 0, 0]]
    assert tokens.batch(np.array([0, 2]))[0].shape == (2, 4)


def test_batches_are_of_like_length_and_random() -> None:
    lengths = np.random.default_rng(0).integers(1, 100, 640)
    batches = list(shuffled_batches(lengths, 16, 10, np.random.default_rng(1)))
    assert len(batches) == batch_count(640, 16) == 40
    assert sorted(np.concatenate(batches)) == list(range(640))
    alone = list(shuffled_batches(lengths, 16, 1, np.random.default_rng(1)))
    spread = [np.mean([np.ptp(lengths[batch]) for batch in each]) for each in (batches, alone)]
    assert spread[0] < 0.3 * spread[1]
    means = [lengths[batch].mean() for batch in batches[:10]]
    assert means != sorted(means)


@pytest.mark.parametrize(("examples", "batches"), [(0, []), (3, [3]), (5, [5]), (12, [5, 5])])
def test_what_fills_no_batch_is_left_out(examples: int, batches: Sequence[int]) -> None:
    given = shuffled_batches(np.ones(examples), 5, 4, np.random.default_rng(0))
    assert [len(batch) for batch in given] == list(batches)
    assert batch_count(examples, 5) == len(batches)


@pytest.mark.parametrize("groups", [1, 4])
def test_a_batch_holds_answers_then_negatives(text_encoder: TextEncoder, tokens: PaddedTokens, groups: int) -> None:
    pairs = SearchPairs.of(["milk", "bread", "milk"], [0, 2, 1], [1, 2, 3])
    queries = PaddedTokens.of(text_encoder, pairs.queries, (3,))
    settings = SearchTrainingSettings(jit_compile=groups == 1, memory=True)
    batches = SearchBatches(pairs, Answers(pairs, DOCUMENTS), queries, tokens, settings)
    batch = batches.batch(np.array([1, 0]), np.array([[3, 4], [1, 2]]))
    rows = [2, 0, 3, 4, 1, 2]
    assert batch.document_rows.tolist() == rows
    assert batch.weights.tolist() == [2, 1]
    assert batch.hidden.astype(int).tolist() == [[1, 0, 0, 0, 0, 1], [0, 1, 0, 0, 1, 0]]
    assert len(batch.documents) == groups
    texts = [ids[mask == 1].tolist() for part in batch.documents for ids, mask in zip(*part, strict=True)]
    expected = [ids[mask == 1].tolist() for ids, mask in (tokens.batch(np.array([row])) for row in rows)]
    assert [texts[place] for place in batch.order] == expected
    if groups == 4:
        assert [part[0].shape for part in batch.documents] == [(2, 4), (2, 4), (1, 6), (1, 6)]
    assert batch.hidden_everywhere is not None
    assert batch.hidden_everywhere.all()
