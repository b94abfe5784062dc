import numpy as np
import pytest

from trainer.text_encoder import TextEncoder
from trainer.text_training.next_sentence import RowFormat
from trainer.text_training.pretraining_text import split_texts, tokenize_part
from trainer.text_training.whole_word_masking import WordPieces


def test_nothing_is_in_both_parts() -> None:
    texts = [f"title {number} description {number}" for number in range(40)] + ["alone", "alone", "", " "]
    pairs = [(f"title {number}", f"description {number}") for number in range(0, 40, 2)]
    train, held_out = split_texts(texts, pairs, 0.25, 100)
    whole = [{*part[0], *(f"{first} {second}" for first, second in part[1])} for part in (train, held_out)]
    assert not whole[0] & whole[1]
    assert whole[0] | whole[1] == {text for text in texts if text.strip()}
    assert len(whole[1]) == round(0.25 * 41)
    assert sorted(train[1] + held_out[1]) == sorted(pairs)
    assert sum(len(part[0]) + len(part[1]) for part in (train, held_out)) == 41


def test_at_least_one_and_at_most_the_maximum_is_held_out() -> None:
    texts = [str(number) for number in range(100)]
    for share, maximum, expected in ((0.001, 50, 1), (0.5, 7, 7)):
        train, held_out = split_texts(texts, [], share, maximum)
        assert (len(train[0]), len(held_out[0])) == (100 - expected, expected)


def test_what_is_held_out_stays_so_in_a_larger_catalogue() -> None:
    texts = [str(number) for number in range(200)]
    held_out = split_texts(texts, [], 1.0, 20)[1][0]
    later = split_texts([*texts, *(f"new {number}" for number in range(100))], [], 1.0, 20)
    assert not set(later[1][0]) & (set(texts) - set(held_out))
    assert len(later[1][0]) == 20


@pytest.mark.parametrize("texts", [[], ["", " "], ["milk", "milk"]])
def test_one_text_is_too_little(texts: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        split_texts(texts, [], 0.1, 10)
    assert str(caught.value) == f"texts: {len({*texts} - {'', ' '})} distinct, pretraining needs at least 2"


def test_texts_without_a_known_word_are_left_out(text_encoder: TextEncoder) -> None:
    vocabulary = text_encoder.tokenize.vocabulary
    pieces = WordPieces.of_vocabulary(vocabulary)
    part = (["whole milk", "", "🧀🧀", "🧀 milk"], [("milk", "rye bread"), ("milk", "🧀"), ("🧀", "milk")])
    text = tokenize_part(text_encoder, part, pieces)
    named = [[vocabulary[token] for token in tokens] for tokens in text.texts]
    assert named == [["whole", "milk"], ["[UNK]", "milk"]]
    assert len(text) == 3
    rows = text.rows(RowFormat(2, 3, 8), np.random.default_rng(0))
    assert [[vocabulary[token] for token in row.tokens] for row in rows][2] == [
        *("[CLS]", "milk", "[SEP]", "rye", "bread", "[SEP]")
    ]
