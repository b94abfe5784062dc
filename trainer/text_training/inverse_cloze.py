"""Queries for documents that nobody searched for: some of a document's own words."""

import re
from collections.abc import Sequence

import numpy as np

from trainer.text_training.search_pairs import SearchPairs

_WORD = re.compile(r"\w+")
FEWEST_WORDS = 4
"""Shorter documents say too little to be looked for by a part of them."""
QUERY_WORDS = (2, 6)
"""Fewest and most words of a query."""


def inverse_cloze_pairs(documents: Sequence[str], count: int, random: np.random.Generator) -> SearchPairs:
    """Draw documents, and neighbouring words of each as a query for it.

    The inverse cloze task (Lee et al. 2019, "Latent Retrieval for Weakly Supervised Open Domain Question Answering",
    section 4). The document keeps the words: a query of a shop does repeat words of what it finds.

    Args:
        documents: Texts, [D].
        count: How many pairs; fewer only if no document has `FEWEST_WORDS` words.
        random: Source of the draws.
    """
    words = [_WORD.findall(text.lower()) for text in documents]
    usable = np.array([row for row, found in enumerate(words) if len(found) >= FEWEST_WORDS], np.int64)
    if not len(usable):
        return SearchPairs.of([], [])
    rows = random.choice(usable, count, replace=count > len(usable))
    return SearchPairs.of([_some_words(words[row], random) for row in rows], rows)


def _some_words(words: list[str], random: np.random.Generator) -> str:
    fewest, most = QUERY_WORDS
    length = int(random.integers(fewest, min(most, len(words)) + 1))
    start = int(random.integers(0, len(words) - length + 1))
    return " ".join(words[start : start + length])
