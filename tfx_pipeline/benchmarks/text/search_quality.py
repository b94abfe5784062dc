"""What several ways of search find on queries that nothing was learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfx_pipeline.benchmarks.baseline_data.known_items import KINDS, Kind, KnownItems
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.text.search_settings import SearchSettings
from tfx_pipeline.benchmarks.text.search_sources import lexical_indexes, trained_encoder

if TYPE_CHECKING:
    from trainer.hybrid_search import HybridSearch

WORDS, ZERO_SHOT, FINE_TUNED = "words", "zero_shot", "fine_tuned"
BOTH, LEARNED = "words + zero_shot", "learned"
"""Ways of search: one source alone, the plain sum of two, or the learned fusion of all."""

_DEPTH = 10
_AT_ONCE = 256

Sources = Mapping[str, np.ndarray]
"""Source -> scores of Q queries and V documents, float32 [Q, V]."""


@dataclass(frozen=True)
class Quality:
    """How high the answers rank.

    Attributes:
        reciprocal_rank: MRR@10.
        recall: Share of the answers among the first ten.
    """

    reciprocal_rank: float
    recall: float


Qualities = dict[str, dict[Kind, list[Quality]]]
"""Way of search -> kind of query -> its quality by each seed, one value where no seed plays a part."""


def measure_searches(data: KnownItems, settings: SearchSettings, checkpoint: Path | None = None) -> Qualities:
    """Learn from all dev queries, once a seed, and search with the test queries.

    The encoder learns first. The fusion is then weighed on the same queries: the encoder passes over them so few times
    that it knows them hardly better than others (see the settings).

    Args:
        data: Documents and queries.
        settings: The sources and the training.
        checkpoint: The Hugging Face folder to start from; None takes the bundled MiniLM.
    """
    from trainer.hybrid_search import HybridSearch
    from trainer.search_fusion import SearchFusion
    from trainer.search_fusion_fit import fit_fusion
    from trainer.text_encoder import TextEncoder, encode_texts

    queries, answers = dev_queries(data)
    encoder = TextEncoder.load(checkpoint, settings.max_tokens)
    search = HybridSearch(data.documents, {ZERO_SHOT: encoder}, lexical_indexes(data.documents, settings.indexes))
    known = _scores(search, queries)
    asked = {kind: data.searches(kind, "test") for kind in KINDS}
    tests = {kind: _scores(search, each.queries) for kind, each in asked.items()}
    found: Qualities = {way: {kind: [] for kind in KINDS} for way in (WORDS, ZERO_SHOT, BOTH, FINE_TUNED, LEARNED)}

    def add(way: str, fusion: SearchFusion, sources: Mapping[Kind, Sources]) -> None:
        for kind in KINDS:
            found[way][kind].append(quality(fusion.score(sources[kind]).numpy(), asked[kind].answers))

    for way in (WORDS, ZERO_SHOT, BOTH):
        add(way, SearchFusion.equal(*way.split(" + ")), tests)
    for seed in settings.seeds:
        say(f"searches with what seed {seed} learned")
        tuned = trained_encoder(data.documents, queries, answers, settings, seed, checkpoint)
        vectors = encode_texts(tuned, data.documents)
        fusion = fit_fusion({**known, FINE_TUNED: encode_texts(tuned, queries) @ vectors.T}, answers, ["learned"], 1)
        sources = {
            kind: {**tests[kind], FINE_TUNED: encode_texts(tuned, each.queries) @ vectors.T}
            for kind, each in asked.items()
        }
        add(FINE_TUNED, SearchFusion.equal(FINE_TUNED), sources)
        add(LEARNED, fusion, sources)
    return found


def dev_queries(data: KnownItems) -> tuple[list[str], np.ndarray]:
    """All dev queries, and the rows of their answers, int64 [Q]."""
    parts = [data.searches(kind, "dev") for kind in KINDS]
    return [query for part in parts for query in part.queries], np.concatenate([part.answers for part in parts])


def quality(scores: np.ndarray, answers: np.ndarray) -> Quality:
    """The quality of a ranking by score, equal ones in catalogue order.

    Args:
        scores: float32 [Q, V].
        answers: Row of the answer to each query, int64 [Q].
    """
    ranked = np.argsort(-scores, axis=1, kind="stable")[:, :_DEPTH]
    hits = ranked == answers[:, np.newaxis]
    return Quality(float((hits / np.arange(1, hits.shape[1] + 1)).sum(axis=1).mean()), float(hits.any(axis=1).mean()))


def _scores(search: HybridSearch, queries: list[str]) -> dict[str, np.ndarray]:
    parts = [search.scores(queries[start : start + _AT_ONCE]) for start in range(0, len(queries), _AT_ONCE)]
    return {source: np.concatenate([part[source] for part in parts]) for source in parts[0]}
