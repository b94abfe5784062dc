"""What is left of a word without its ending: one list of rules in plain Python and in the graph."""

import re
from functools import lru_cache

import tensorflow as tf

# Parts of letters and of digits are words of their own: 10mm is 10 mm.
_APART = ((r"([0-9])([^0-9 ])", r"\1 \2"), (r"([^0-9 ])([0-9])", r"\1 \2"))
# English plurals and verb forms; what they leave has three letters or more. Both regex engines read these alike.
_ENDINGS = (
    (r"^(.{3,})ies$", r"\1y"),
    (r"^(.{3,}?)(ing|ed|es)$", r"\1"),
    (r"^(.{2,}[^s])s$", r"\1"),
    (r"^(.{4,}?)e+$", r"\1"),
)


# Titles of a catalogue repeat their words many times over.
@lru_cache(maxsize=1 << 20)
def stems(word: str) -> tuple[str, ...]:
    """The stems of a word, one for each of its parts of letters or digits."""
    return tuple(_replace(part, _ENDINGS) for part in _replace(word, _APART).split(" "))


def stems_in_graph(words: tf.Tensor) -> tf.RaggedTensor:
    """The stems of each word, as `stems` finds them; string [N] gives ragged string [N, parts]."""
    for pattern, replacement in _APART:
        words = tf.strings.regex_replace(words, pattern, replacement)
    parts = tf.strings.split(words)
    flat = parts.flat_values
    for pattern, replacement in _ENDINGS:
        flat = tf.strings.regex_replace(flat, pattern, replacement)
    return parts.with_values(flat)


def _replace(text: str, rules: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in rules:
        text = re.sub(pattern, replacement, text)
    return text
