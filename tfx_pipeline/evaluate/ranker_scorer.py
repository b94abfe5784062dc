"""Scores of given candidates from any ranker: it ranks the whole catalogue, and the candidates are looked up."""

import numpy as np

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import PAD, Ranker

_RANKED_AT_ONCE = 20_000_000


def score_by_ranking(ranker: Ranker, cases: EvaluationCases, candidates: Ragged) -> Ragged:
    """The scores that a ranker gives to given items.

    Without scores of its own a ranker scores by the negative rank. An item that it does not rank has -inf.

    Args:
        ranker: Ranks items of the catalogue.
        cases: The users.
        candidates: Item rows; C lists.

    Returns:
        C lists of float32.
    """
    batch = max(1, _RANKED_AT_ONCE // cases.item_count)
    parts = [np.zeros(0, np.float32)]
    for start in range(0, len(cases), batch):
        part = cases[start : start + batch]
        ranked = ranker(part, cases.item_count, False)
        given = ranked.scores if ranked.scores is not None else -np.arange(ranked.items.shape[1], dtype=np.float32)
        is_ranked = ranked.items != PAD
        table = np.full((len(part), cases.item_count), -np.inf, np.float32)
        owners = np.nonzero(is_ranked)[0]
        table[owners, ranked.items[is_ranked]] = np.broadcast_to(given, ranked.items.shape)[is_ranked]
        asked = candidates.take(np.arange(start, start + len(part)))
        parts.append(table[asked.owners, asked.values])
    return Ragged(np.concatenate(parts), candidates.offsets)
