import numpy as np
import pytest

from trainer.text_training.next_sentence import IS_RANDOM, NO_PAIR, TrainingRow
from trainer.text_training.pretraining_batches import BatchMaker
from trainer.text_training.whole_word_masking import WordPieces

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"word{number}" for number in range(500))]
MAKER = BatchMaker(WordPieces.of_vocabulary(VOCABULARY), padding=0, share=0.15, batch_tokens=128)


def row(length: int, number: int, second: int | None = None) -> TrainingRow:
    """A row of one word again and again, which tells the rows apart."""
    tokens = np.full(length, 5 + number, np.int32)
    tokens[0], tokens[-1] = 2, 3
    label = NO_PAIR if second is None else IS_RANDOM
    return TrainingRow(tokens, length if second is None else second, label)


@pytest.mark.parametrize(
    ("lengths", "shapes"),
    [
        ([5, 30, 32], {(4, 32)}),
        ([5] * 8 + [60] * 2, {(4, 32), (2, 64)}),
        # What fills no batch of 32 goes to the next length in which a batch gets full.
        ([5] * 5 + [60] * 2, {(4, 32), (2, 64)}),
        ([5, 60], {(2, 64)}),
        ([5, 200], {(1, 128), (1, 256)}),
    ],
)
def test_rows_of_like_length_share_a_batch(lengths: list[int], shapes: set[tuple[int, int]]) -> None:
    rows = [row(length, number) for number, length in enumerate(lengths)]
    batches = list(MAKER.batches(rows, np.random.default_rng(0)))
    assert {batch["token_ids"].shape for batch in batches} == shapes
    assert len(batches) == MAKER.count(rows)
    assert sum(int(batch["padding_mask"].any(axis=1).sum()) for batch in batches) == len(rows)


def test_every_row_is_there_once_an_epoch_and_can_be_restored() -> None:
    rows = [row(3 + number % 40, number) for number in range(100)]
    restored = []
    for batch in MAKER.batches(rows, np.random.default_rng(0)):
        tokens, count = batch["token_ids"].copy(), int(batch["weights"].sum())
        tokens.reshape(-1)[batch["positions"][:count]] = batch["targets"][:count]
        filled = batch["padding_mask"].sum(axis=1)
        np.testing.assert_array_equal(tokens[batch["padding_mask"] == 0], 0)
        restored += [tuple(tokens[place, :length]) for place, length in enumerate(filled) if length]
    assert sorted(restored) == sorted(tuple(each.tokens) for each in rows)


def test_segments_and_labels_of_pairs() -> None:
    (batch,) = MAKER.batches([row(8, 0, second=5), row(6, 1)], np.random.default_rng(0))
    pair = int(np.argmax(batch["label_weights"]))
    np.testing.assert_array_equal(batch["segment_ids"][pair, :9], [0, 0, 0, 0, 0, 1, 1, 1, 0])
    assert not batch["segment_ids"][1 - pair].any()
    assert batch["labels"][pair] == IS_RANDOM
    np.testing.assert_array_equal(np.sort(batch["label_weights"]), [0, 0, 0, 1])


def test_the_random_generator_decides_everything() -> None:
    rows = [row(3 + number % 40, number) for number in range(60)]
    one, same, other = (list(MAKER.batches(rows, np.random.default_rng(seed))) for seed in (1, 1, 2))
    for left, right in zip(one, same, strict=True):
        for name in left:
            np.testing.assert_array_equal(left[name], right[name])
    assert any(not np.array_equal(left["targets"], right["targets"]) for left, right in zip(one, other, strict=False))
