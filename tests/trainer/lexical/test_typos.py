import numpy as np
import pytest
import tensorflow as tf

from trainer.lexical.typos import NearWords, pair_postings

VOCABULARY = ["chair", "chairs", "table", "cushion", "wardrobe", "стол", "кресло", "椅", "1234x", "cabinet", "lamp"]


@pytest.fixture(scope="module")
def near() -> NearWords:
    return NearWords(VOCABULARY, np.arange(1, len(VOCABULARY) + 1))


def best(near: NearWords, word: str) -> list[str]:
    _, terms, _ = near.find(tf.constant([word.encode()]))
    return [VOCABULARY[term] for term in terms.numpy()]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("chiar", "chair"),
        ("chaair", "chair"),
        ("tabel", "table"),
        ("tble", "table"),
        ("cusion", "cushion"),
        ("wardorbe", "wardrobe"),
        ("wadrobe", "wardrobe"),
        ("cabnet", "cabinet"),
        ("креслло", "кресло"),
    ],
)
def test_finds_what_was_meant(near: NearWords, typed: str, meant: str) -> None:
    assert best(near, typed)[0] == meant


@pytest.mark.parametrize("word", ["xyzzy", "lam", "1235x", "桌", "a" * 1000, "zz" * 10])
def test_leaves_a_word_that_nothing_is_near_to(near: NearWords, word: str) -> None:
    assert best(near, word) == []


def test_likeness_is_the_coefficient_of_dice(near: NearWords) -> None:
    def pairs(word: str) -> set[str]:
        word = f" {word} "
        return {word[i] + word[i + gap] for gap in (1, 2) for i in range(len(word) - gap)}

    which, terms, likeness = near.find(tf.constant(["lamps", "nothing", "chiar"]))
    assert which.numpy().tolist()[0] == 0 and set(which.numpy()) == {0, 2}
    for position, term, value in zip(which.numpy(), terms.numpy(), likeness.numpy(), strict=True):
        typed = {0: "lamps", 2: "chiar"}[position]
        shared = pairs(typed) & pairs(VOCABULARY[term])
        expected = 2 * len(shared) / (len(pairs(typed)) + len(pairs(VOCABULARY[term])))
        assert value == pytest.approx(expected, abs=2e-4)


def test_of_equally_near_words_the_frequent_one_is_first() -> None:
    for frequencies in ([1, 5], [5, 1]):
        near = NearWords(["lampa", "lampo"], np.array(frequencies))
        assert near.find(tf.constant(["lampi"]))[1].numpy()[0] == int(np.argmax(frequencies))


def test_a_pair_that_a_word_has_twice_counts_once() -> None:
    keys, postings = pair_postings(["banana", "an"])
    assert postings.shape == (len(keys), 2)
    assert (np.diff(keys) > 0).all() and set(postings.data) == {1.0}
    row = postings[np.searchsorted(keys, ord("a") * 0x110000 + ord("n"))].toarray()
    np.testing.assert_array_equal(row, [[1, 1]])
