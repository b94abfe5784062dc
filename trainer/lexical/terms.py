"""What an index counts: words, their stems, pairs of stems, or pieces of the text."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import tensorflow as tf

from trainer.lexical.stems import stems, stems_in_graph
from trainer.lexical.words import words, words_in_graph

TermKind = Literal["words", "stems", "pairs", "pieces", "runs"]
"""`words`; `stems` of words; `pairs` of neighbouring stems; `pieces`, four neighbouring letters of a word, its edges
being letters; `runs`, four neighbouring letters of the text without its spaces."""

KINDS: tuple[TermKind, ...] = ("words", "stems", "pairs", "pieces", "runs")

_PIECE = 4


def terms(text: str, kind: TermKind) -> Sequence[str]:
    """The terms of a text, in their order."""
    found = words(text)
    if kind in ("stems", "pairs"):
        found = [stem for word in found for stem in stems(word)]
    if kind == "pairs":
        return [f"{first} {second}" for first, second in pairwise(found)]
    if kind == "pieces":
        return [piece for word in found for piece in _pieces(f" {word} ")]
    if kind == "runs":
        return _pieces("".join(found))
    return found


def terms_in_graph(texts: tf.Tensor, kind: TermKind) -> tf.RaggedTensor:
    """The terms of each text, as `terms` finds them; a long text is cut as in `words_in_graph`.

    Args:
        texts: UTF-8, string [B].
        kind: What is counted.

    Returns:
        Ragged string [B, terms].
    """
    found = words_in_graph(texts)
    if kind in ("stems", "pairs"):
        found = found.with_values(stems_in_graph(found.flat_values)).merge_dims(1, 2)
    if kind == "pairs":
        return tf.strings.ngrams(found, 2, separator=" ")
    if kind == "pieces":
        return found.with_values(_pieces_in_graph(tf.strings.join([" ", found.flat_values, " "]))).merge_dims(1, 2)
    if kind == "runs":
        return _pieces_in_graph(tf.strings.reduce_join(found, axis=1))
    return found


def _pieces(text: str) -> list[str]:
    # A text of fewer letters has one piece, all of it.
    return [text[at : at + _PIECE] for at in range(max(1, len(text) - _PIECE + 1))] if text else []


def _pieces_in_graph(texts: tf.Tensor) -> tf.RaggedTensor:
    letters = tf.strings.unicode_split(texts, "UTF-8")
    return tf.strings.ngrams(letters, _PIECE, separator="", preserve_short_sequences=True)
