import numpy as np

from trainer.text_training.next_sentence import (
    IS_NEXT,
    IS_RANDOM,
    NO_PAIR,
    RowFormat,
    TokenizedPairs,
    pair_rows,
    text_row,
)

FORM = RowFormat(start=1, end=2, max_tokens=10)


def tokens(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def test_a_text_is_cut_at_its_end() -> None:
    row = text_row(tokens(*range(10, 30)), FORM)
    np.testing.assert_array_equal(row.tokens, [1, *range(10, 18), 2])
    assert (row.second, row.label) == (10, NO_PAIR)


def test_half_of_the_pairs_get_the_second_sentence_of_another() -> None:
    count = 4000
    first = [tokens(10 + number) for number in range(count)]
    second = [tokens(10_000 + number) for number in range(count)]
    rows = pair_rows(TokenizedPairs.of_tokens(first, second), FORM, np.random.default_rng(0))
    labels = np.array([row.label for row in rows])
    assert abs((labels == IS_RANDOM).mean() - 0.5) < 5 * 0.5 / np.sqrt(count)
    for number, row in enumerate(rows):
        start, one, end, other, last = row.tokens
        assert (start, one, end, last, row.second) == (1, 10 + number, 2, 2, 3)
        assert row.label == (IS_NEXT if other == 10_000 + number else IS_RANDOM)
    seconds = {int(row.tokens[3]) for row in rows if row.label == IS_RANDOM}
    assert len(seconds) > 1000


def test_a_seed_decides_and_the_next_epoch_differs() -> None:
    pairs = TokenizedPairs.of_tokens([tokens(9)] * 40, [tokens(100 + number) for number in range(40)])
    random = np.random.default_rng(5)
    first, second = (pair_rows(pairs, FORM, random) for _ in range(2))
    again = pair_rows(pairs, FORM, np.random.default_rng(5))
    assert [row.tokens.tolist() for row in first] == [row.tokens.tolist() for row in again]
    assert [row.tokens.tolist() for row in first] != [row.tokens.tolist() for row in second]


def test_an_equal_second_sentence_of_another_pair_is_right() -> None:
    pairs = TokenizedPairs.of_tokens([tokens(5)] * 50, [tokens(6, 7)] * 50)
    assert {row.label for row in pair_rows(pairs, FORM, np.random.default_rng(0))} == {IS_NEXT}


def test_one_pair_keeps_its_second_sentence_and_no_pair_is_no_row() -> None:
    for count in (0, 1):
        pairs = TokenizedPairs.of_tokens([tokens(5)] * count, [tokens(6)] * count)
        assert [row.label for row in pair_rows(pairs, FORM, np.random.default_rng(0))] == [IS_NEXT] * count


def test_long_pairs_share_the_room() -> None:
    cases = [((20, 20), (4, 3)), ((2, 20), (2, 5)), ((20, 2), (5, 2)), ((3, 3), (3, 3))]
    for (first, second), (kept_first, kept_second) in cases:
        pairs = TokenizedPairs.of_tokens([np.full(first, 5, np.int32)], [np.full(second, 6, np.int32)])
        (row,) = pair_rows(pairs, FORM, np.random.default_rng(0))
        np.testing.assert_array_equal(row.tokens, [1, *[5] * kept_first, 2, *[6] * kept_second, 2])
        assert row.second == kept_first + 2
