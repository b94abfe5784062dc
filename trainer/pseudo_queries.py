"""Known-item queries for shops that log none: words of the title of something that the user went on to choose."""

import re

import numpy as np

_WORD = re.compile(r"\w{3,}")


def draw_query(title: str, random: np.random.Generator, longest: int = 2) -> str:
    """Some consecutive words of a title, lower case; '' if it has no word of three letters or more.

    Args:
        title: The item's title.
        random: Source of the draw.
        longest: Most words to take.
    """
    words = [word for word in _WORD.findall(title.lower()) if not word.isdigit()]
    if not words:
        return ""
    count = int(random.integers(1, min(longest, len(words)) + 1))
    start = int(random.integers(0, len(words) - count + 1))
    return " ".join(words[start : start + count])


def answers_query(titles: np.ndarray, query: str) -> np.ndarray:
    """Whether each title has all words of a query; str [N] to bool [N]."""
    wanted = set(query.split())
    return np.array([wanted <= set(_WORD.findall(title.lower())) for title in titles], dtype=bool)
