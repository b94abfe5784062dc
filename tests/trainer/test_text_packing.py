import keras
import keras_hub
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from trainer.text_checkpoint import Pooling
from trainer.text_packing import (
    ROW_LENGTHS,
    TOKENS_PER_BATCH,
    TokenizedTexts,
    first_rows,
    pack,
    packed_batches,
    packed_forward,
    pad_rows,
)


def random_texts(lengths: list[int]) -> TokenizedTexts:
    tokens = np.random.default_rng(0).integers(1, 20, sum(lengths)).astype(np.int32)
    return TokenizedTexts(tokens, np.array(lengths, np.int64))


@given(st.lists(st.integers(2, 32)))
def test_every_text_is_in_one_row_and_no_row_overflows(lengths: list[int]) -> None:
    rows = pack(lengths, list(range(len(lengths))), 32)
    assert sorted(text for row in rows for text in row) == list(range(len(lengths)))
    assert all(0 < sum(lengths[text] for text in row) <= 32 for row in rows)


def test_short_texts_fill_the_gaps() -> None:
    assert pack([20, 12, 30, 2], [0, 1, 2, 3], 32) == [[2, 3], [0, 1]]


@given(st.lists(st.integers(2, ROW_LENGTHS[-1]), max_size=60))
def test_batches_hold_the_tokens_of_every_text(lengths: list[int]) -> None:
    texts = random_texts(lengths)
    seen = []
    for batch in packed_batches(texts):
        assert batch.tokens.size <= TOKENS_PER_BATCH
        for text, row, slot in zip(batch.texts, batch.rows, batch.slots, strict=True):
            mine = batch.segments[row] == slot + 1
            start = texts.starts[text]
            np.testing.assert_array_equal(batch.tokens[row, mine], texts.tokens[start : start + lengths[text]])
            np.testing.assert_array_equal(batch.positions[row, mine], np.arange(lengths[text]))
            seen.append(text)
    assert sorted(seen) == list(range(len(lengths)))


def test_padding_and_cutting_rows_keep_the_texts_that_remain() -> None:
    batch = next(packed_batches(random_texts([30, 30, 30])))
    full = pad_rows(batch)
    assert full.tokens.shape == (TOKENS_PER_BATCH // 32, 32)
    np.testing.assert_array_equal(full.tokens[:3], batch.tokens)
    assert not full.segments[3:].any()
    few = first_rows(full, 2)
    assert few.tokens.shape == (2, 32)
    assert few.rows.tolist() == [0, 1]


@pytest.fixture(scope="module")
def backbone() -> keras_hub.models.BertBackbone:
    keras.utils.set_random_seed(0)
    backbone = keras_hub.models.BertBackbone(20, 2, 2, 8, 12, max_sequence_length=64)
    random = np.random.default_rng(0)
    backbone.set_weights([random.normal(0, 0.5, weight.shape) for weight in backbone.weights])
    return backbone


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_packed_texts_do_not_see_each_other(
    backbone: keras_hub.models.BertBackbone, pooling: Pooling, jit_compile: bool
) -> None:
    texts = random_texts([5, 9, 2, 31, 7, 40])
    forward = packed_forward(backbone, pooling, jit_compile)
    for batch in packed_batches(texts):
        packed = forward(*map(tf.constant, (batch.tokens, batch.segments, batch.positions))).numpy()
        for text, row, slot in zip(batch.texts, batch.rows, batch.slots, strict=True):
            tokens = texts.tokens[texts.starts[text] : texts.starts[text] + texts.lengths[text]][None, :]
            inputs = {"token_ids": tokens, "segment_ids": 0 * tokens, "padding_mask": np.ones_like(tokens)}
            alone = backbone(inputs, training=False)["sequence_output"].numpy()[0]
            expected = alone[0] if pooling == "cls" else alone.mean(axis=0)
            np.testing.assert_allclose(packed[row, slot], expected / np.linalg.norm(expected), atol=1e-5)


def test_slots_without_a_text_are_zero(backbone: keras_hub.models.BertBackbone) -> None:
    batch = next(packed_batches(random_texts([5, 9])))
    forward = packed_forward(backbone, "mean", jit_compile=False)
    packed = forward(*map(tf.constant, (batch.tokens, batch.segments, batch.positions))).numpy()
    assert packed.shape == (1, 16, 8)
    assert not packed[0, 2:].any()
