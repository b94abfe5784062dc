"""Vectors of content, against the formulas."""

import numpy as np

from tfx_pipeline.benchmarks.text.cold_items_vectors import character_runs, one_hot, tf_idf, words


def test_words_are_runs_of_letters_and_digits() -> None:
    assert words("Kreg SML-C125, #8 Coarse!") == ["kreg", "sml", "c125", "8", "coarse"]


def test_character_runs_cross_words() -> None:
    assert character_runs("Ab-c") == [" ab", "ab ", "b c", " c ", " ab ", "ab c", "b c ", " ab c", "ab c "]


def test_tf_idf_is_the_formula() -> None:
    texts = ["steel screw screw", "steel nail", ""]
    matrix = tf_idf(texts, words).toarray()
    steel, rare = np.log(4 / 3) + 1, np.log(4 / 2) + 1
    first = np.array([steel, (1 + np.log(2)) * rare, 0])
    second = np.array([steel, 0, rare])
    expected = np.stack([first / np.linalg.norm(first), second / np.linalg.norm(second), np.zeros(3)])
    np.testing.assert_allclose(matrix, expected, rtol=1e-6)


def test_texts_without_any_word() -> None:
    assert tf_idf(["", "!"], words).toarray().tolist() == [[0.0], [0.0]]


def test_one_hot_leaves_out_items_without_a_group() -> None:
    assert one_hot(np.array([1, -1, 0, 1])).toarray().tolist() == [[0, 1], [0, 0], [1, 0], [0, 1]]
