"""Put the rankings of batches together."""

from collections.abc import Sequence

import numpy as np

from tfx_pipeline.evaluation.rankings import Rankings


def join_rankings(parts: Sequence[Rankings]) -> Rankings:
    """The rankings of all parts, one after the other.

    Args:
        parts: At least one; lists of the same length, with scores.
    """
    scores = [part.scores for part in parts if part.scores is not None]
    return Rankings(np.concatenate([part.items for part in parts]), np.concatenate(scores))
