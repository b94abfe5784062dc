import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.text_training.whole_word_masking import MaskedTokens, WordPieces, mask_words

WORDS = [f"word{number}" for number in range(30)]
ENDINGS = [f"##ing{number}" for number in range(10)]
SPECIAL = ["[PAD]", "[unused0]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCABULARY = [*SPECIAL, *WORDS, *ENDINGS]
PIECES = WordPieces.of_vocabulary(VOCABULARY)
CLS, SEP, UNKNOWN = (VOCABULARY.index(token) for token in ("[CLS]", "[SEP]", "[UNK]"))
FIRST_WORD, FIRST_ENDING = len(SPECIAL), len(SPECIAL) + len(WORDS)

word = st.tuples(
    st.integers(FIRST_WORD, FIRST_ENDING - 1), st.lists(st.integers(FIRST_ENDING, len(VOCABULARY) - 1), max_size=3)
).map(lambda parts: [parts[0], *parts[1]])
text = st.lists(st.one_of(word, st.just([UNKNOWN])), max_size=20)
texts = st.lists(text, min_size=1, max_size=6)


def batch(texts: list[list[list[int]]]) -> np.ndarray:
    rows = [[CLS, *(piece for word in words for piece in word), SEP] for words in texts]
    tokens = np.zeros((len(rows), max(map(len, rows)) + 1), np.int32)
    for place, row in enumerate(rows):
        tokens[place, : len(row)] = row
    return tokens


def guessed(masked: MaskedTokens, tokens: np.ndarray) -> np.ndarray:
    """Whether each token has to be guessed, bool [B, T]."""
    flags = np.zeros(tokens.size, bool)
    flags[masked.positions[masked.weights == 1]] = True
    return flags.reshape(tokens.shape)


def word_flags(words: list[list[int]], flags: np.ndarray) -> list[bool]:
    """Whether each known word of a text is to be guessed; asserts that it is as a whole."""
    told, place = [], 1
    for pieces in words:
        here = flags[place : place + len(pieces)]
        assert here.all() or not here.any()
        if pieces != [UNKNOWN]:
            told.append(bool(here[0]))
        place += len(pieces)
    return told


@settings(deadline=None, max_examples=80)
@given(texts, st.integers(0, 1000), st.sampled_from([0.15, 0.4, 1.0]))
def test_words_are_chosen_as_a_whole_in_their_share_and_special_tokens_never(
    texts: list[list[list[int]]], seed: int, share: float
) -> None:
    tokens = batch(texts)
    masked = mask_words(tokens, PIECES, share, tokens.size, np.random.default_rng(seed))
    flags = guessed(masked, tokens)
    assert not flags[PIECES.special[tokens]].any()
    for words, row in zip(texts, flags, strict=True):
        told = word_flags(words, row)
        expected = max(1, int(np.floor(share * len(told) + 0.5))) if told else 0
        assert sum(told) == expected
    count = int(masked.weights.sum())
    np.testing.assert_array_equal(masked.targets[:count], tokens.reshape(-1)[masked.positions[:count]])
    np.testing.assert_array_equal(masked.token_ids[~flags], tokens[~flags])
    assert masked.weights.shape == masked.targets.shape == masked.positions.shape == (tokens.size,)
    assert not masked.positions[count:].any() and not masked.weights[count:].any()


@settings(deadline=None, max_examples=40)
@given(texts, st.integers(0, 1000), st.integers(0, 5))
def test_words_that_have_no_place_are_left_whole(texts: list[list[list[int]]], seed: int, places: int) -> None:
    tokens = batch(texts)
    masked = mask_words(tokens, PIECES, 0.5, places, np.random.default_rng(seed))
    assert masked.positions.shape == (places,)
    for words, row in zip(texts, guessed(masked, tokens), strict=True):
        word_flags(words, row)


def test_eight_of_ten_are_masked_one_is_random_one_is_kept() -> None:
    random = np.random.default_rng(0)
    tokens = random.integers(FIRST_WORD, FIRST_ENDING, (200, 100)).astype(np.int32)
    masked = mask_words(tokens, PIECES, 0.5, tokens.size, random)
    count = int(masked.weights.sum())
    seen, targets = masked.token_ids.reshape(-1)[masked.positions[:count]], masked.targets[:count]
    assert count == 10_000
    of_vocabulary = len(WORDS) + len(ENDINGS)
    # A random piece is the right one once in 40 times.
    shares = {"masked": (seen == PIECES.mask, 0.8), "kept": (seen == targets, 0.1 + 0.1 / of_vocabulary)}
    for chosen, share in shares.values():
        assert abs(chosen.mean() - share) < 5 * np.sqrt(share * (1 - share) / count)
    others = seen[(seen != PIECES.mask) & (seen != targets)]
    assert not PIECES.special[others].any()
    assert len(np.unique(others)) == of_vocabulary


def test_every_word_is_as_likely_as_any_other() -> None:
    tokens = np.tile(batch([[[FIRST_WORD + place] for place in range(20)]]), (2000, 1))
    flags = guessed(mask_words(tokens, PIECES, 0.15, tokens.size, np.random.default_rng(0)), tokens)
    counts = flags[:, 1:21].sum(axis=0)
    assert np.all(np.abs(counts - 300) < 5 * np.sqrt(2000 * 0.15 * 0.85))


def test_a_seed_decides_the_mask_and_the_next_epoch_has_another() -> None:
    tokens = batch([[[FIRST_WORD + place] for place in range(20)]] * 4)
    random = np.random.default_rng(3)
    first, second = (mask_words(tokens, PIECES, 0.15, 20, random) for _ in range(2))
    again = mask_words(tokens, PIECES, 0.15, 20, np.random.default_rng(3))
    np.testing.assert_array_equal(first.token_ids, again.token_ids)
    np.testing.assert_array_equal(first.positions, again.positions)
    assert not np.array_equal(first.positions, second.positions)


@pytest.mark.parametrize(
    ("vocabulary", "message"),
    [
        (["[PAD]", "milk"], "vocabulary: the special token [MASK] is missing"),
        (["[PAD]", "[MASK]", "[unused7]"], "vocabulary: none of the 3 pieces is a word"),
    ],
)
def test_a_vocabulary_that_cannot_be_masked(vocabulary: list[str], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        WordPieces.of_vocabulary(vocabulary)
    assert str(caught.value) == message
