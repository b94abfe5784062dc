"""What a word is: one rule in plain Python, for documents, and the same rule in the graph, for queries."""

import re
import sys
import unicodedata
from functools import lru_cache

import tensorflow as tf

MAX_CHARACTERS = 1024
"""Characters of a query that are read; what follows is left out, so that no query costs more than this."""

MAX_WORDS = 48
"""Words of a query that are read."""

_UNSPACED = (
    (0x2E80, 0x2FDF),  # radicals
    (0x3005, 0x3007),  # iteration mark, closing mark, zero
    (0x3021, 0x3029),  # numerals
    (0x3040, 0x30FF),  # Hiragana and Katakana
    (0x31C0, 0x31FF),  # strokes and small Katakana
    (0x3400, 0x4DBF),  # ideographs, extension A
    (0x4E00, 0x9FFF),  # ideographs
    (0xF900, 0xFAFF),  # compatibility ideographs
    (0xFF66, 0xFF9F),  # half-width Katakana
    (0x1AFF0, 0x1B16F),  # Kana supplements
    (0x20000, 0x3FFFD),  # ideographs, further extensions
)
"""Blocks written without spaces between words, where every letter is a word."""


def words(text: str) -> list[str]:
    """The words of a text: runs of letters, digits, underscores and marks in Unicode lower case.

    A Chinese or Japanese character is a word of its own. A word does not begin with a mark, so a lone emoji
    variation selector is none.
    """
    return _word_pattern().findall(text.lower())


def words_in_graph(texts: tf.Tensor) -> tf.RaggedTensor:
    """The words of each text, as `words` finds them, with core TensorFlow ops.

    Only the first `MAX_CHARACTERS` characters and `MAX_WORDS` words of a text are read.

    Args:
        texts: UTF-8, string [B]. Bytes that are no UTF-8 part words.

    Returns:
        Ragged string [B, words].
    """
    letters, marks, unspaced = _ranges()
    texts = tf.strings.substr(texts, 0, MAX_CHARACTERS, unit="UTF8_CHAR")
    # ICU, which lowers the letters, takes the character 0 for the end of the text.
    texts = tf.strings.lower(tf.strings.regex_replace(texts, r"\x00", " "), encoding="utf-8")
    texts = tf.strings.regex_replace(texts, _for_re2(f"([{unspaced}])"), r" \1 ")
    texts = tf.strings.regex_replace(texts, _for_re2(f"[^{letters}{marks}{unspaced}]+"), " ")
    texts = tf.strings.regex_replace(texts, _for_re2(f"(^| )[{marks}]+"), " ")
    return tf.strings.split(texts)[:, :MAX_WORDS]


@lru_cache
def _word_pattern() -> re.Pattern[str]:
    letters, marks, unspaced = _ranges()
    return re.compile(f"[{unspaced}]|[{letters}][{letters}{marks}]*")


@lru_cache
def _ranges() -> tuple[str, str, str]:
    """Letters, digits and the underscore; marks; characters of scripts without spaces: as insides of `[...]`.

    Both rules use these very ranges: the Unicode versions of Python and of RE2 need not be the same.
    """
    unspaced = {code for first, last in _UNSPACED for code in range(first, last + 1)}
    letters: list[int] = [ord("_")]
    marks: list[int] = []
    lone: list[int] = []
    for code in range(sys.maxunicode + 1):
        kind = unicodedata.category(chr(code))[0]
        if kind in "LN":
            (lone if code in unspaced else letters).append(code)
        elif kind == "M":
            marks.append(code)
    return _as_class(sorted(letters)), _as_class(marks), _as_class(lone)


def _as_class(codes: list[int]) -> str:
    runs: list[list[int]] = []
    for code in codes:
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in runs)


def _for_re2(pattern: str) -> str:
    return re.sub(r"\\U0*([0-9a-f]+)", r"\\x{\1}", pattern)
