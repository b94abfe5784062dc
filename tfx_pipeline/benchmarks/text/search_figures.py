"""How high searches rank what was searched for, beside BM25 and an encoder that knows no shop."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfx_pipeline.benchmarks.baseline_data.known_items import FOLDER, KINDS, Kind, KnownItems
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.fresh_process import in_fresh_process
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.text.search_quality import (
    BOTH,
    FINE_TUNED,
    LEARNED,
    WORDS,
    ZERO_SHOT,
    Qualities,
    measure_searches,
)
from tfx_pipeline.benchmarks.text.search_settings import read_search_settings
from tfx_pipeline.sources.errors import DataError

MRR, RECALL = "MRR@10", "Recall@10"
TARGETS: dict[tuple[Kind, str], float] = {
    ("short", MRR): 0.63,
    ("short", RECALL): 0.82,
    ("full_title", MRR): 0.76,
}
_SHOWN = {
    WORDS: "BM25",
    ZERO_SHOT: "MiniLM as it comes",
    BOTH: "BM25 + MiniLM as it comes",
    FINE_TUNED: "MiniLM fine-tuned",
}
_HOW = {
    WORDS: "our index of words, k1 1.2, b .75, typos corrected",
    ZERO_SHOT: "cosine alone",
    BOTH: "sum of both, each scaled to 0 to 1 within the query",
    FINE_TUNED: "cosine alone, trained on the dev queries",
    LEARNED: "lexical indexes, MiniLM as it comes and fine-tuned; the weights learned on the dev queries "
    "as benchmarks/text/search.yaml says",
}
_ATTRIBUTES = {MRR: "reciprocal_rank", RECALL: "recall"}


def search_figures(data_dir: Path) -> Iterator[Figure]:
    """Learn from the dev queries, once a seed, and rank all documents for the test queries.

    Args:
        data_dir: Folder of real data.
    """
    say(f"searches of {FOLDER}")
    try:
        data = KnownItems.read(data_dir)
    except DataError as error:
        for (kind, metric), target in TARGETS.items():
            yield Figure.absent(_name(kind, LEARNED, metric), metric, target, str(error))
        return
    settings = read_search_settings()
    yield from figures_of(in_fresh_process(measure_searches, data, settings), data, settings.seeds)


def figures_of(found: Qualities, data: KnownItems, seeds: list[int]) -> Iterator[Figure]:
    """The figures with a target, and below each the other ways of search."""
    protocols = {
        kind: f"{len(data.searches(kind, 'test').queries)} test queries over {len(data.documents)} descriptions; "
        "known-item queries, neither user queries nor human labels"
        for kind in KINDS
    }
    for (kind, metric), target in TARGETS.items():
        for way in (LEARNED, *_SHOWN):
            values = [getattr(each, _ATTRIBUTES[metric]) for each in found[way][kind]]
            how = f"{_spread(values, seeds)}{_HOW[way]}; {protocols[kind]}"
            name, mean = _name(kind, way, metric), float(np.mean(values))
            if way == LEARNED:
                yield Figure.at_least(name, mean, metric, target, how)
            else:
                yield Figure.shown(name, mean, metric, how)


def _name(kind: Kind, way: str, metric: str) -> str:
    return f"{FOLDER} {kind}, {_SHOWN.get(way, 'learned search')}: {metric}"


def _spread(values: list[float], seeds: list[int]) -> str:
    if len(values) == 1:
        return ""
    each = ", ".join(f"{value:.4f}" for value in values)
    return f"mean of seeds {', '.join(map(str, seeds))}: {each}; "
