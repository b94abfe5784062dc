"""Items never seen in training: does learned content find them better than TF-IDF does?"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.quality.data.amazon_industrial import cases_of
from tfx_pipeline.benchmarks.quality.figures import UNIT, means
from tfx_pipeline.benchmarks.text.cold_items_cases import ColdItemData, never_seen, read_cold_item_data
from tfx_pipeline.benchmarks.text.cold_items_ranker import content_sources, learned_ranker, tf_idf_ranker
from tfx_pipeline.benchmarks.text.cold_items_settings import ColdItemSettings, read_cold_item_settings
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.rankings import Ranker
from tfx_pipeline.sources.errors import DataError

TARGET = 1.15
NAME = "amazon_industrial, items never seen in training"
EVERY_ROW = "amazon_industrial, every test row, the same rankers"

_METRIC = "HR@10"
_METRICS = (_METRIC, "NDCG@10")
_CUTOFF = 10
_PROTOCOL = (
    "content alone, a mixture of similarities learned from the valid rows with items held out, MiniLM as published; a "
    "research recipe, not the served model; all items are ranked, those of the history too"
)

Scores = Mapping[str, float]


def measure_cold_items(data_dir: Path) -> list[Figure]:
    """Learn from held-out items of the valid rows, and rank the test rows whose next item is in no valid row.

    Args:
        data_dir: The folder of real data.

    Returns:
        HR@10 and NDCG@10 of ours and of TF-IDF on those rows, their ratio with its target, and HR@10 on all test rows.
    """
    say(NAME)
    try:
        data = read_cold_item_data(data_dir)
    except DataError as error:
        return [Figure.absent(_ratio_name(), "times", TARGET, str(error))]
    return cold_item_figures(data, read_cold_item_settings())


def cold_item_figures(data: ColdItemData, settings: ColdItemSettings) -> list[Figure]:
    """The figures of `measure_cold_items` for any catalogue and rows.

    Raises:
        ValueError: Every next item of the test rows is in a valid row.
    """
    slices = {NAME: never_seen(data.test, data.valid), EVERY_ROW: data.test}
    if not slices[NAME]:
        raise ValueError("test rows ask for no item that is absent from the valid rows")
    sources = content_sources(data, settings)
    rankers = [learned_ranker(data, sources, settings, seed) for seed in settings.seeds]
    baseline = tf_idf_ranker(data, settings.decay)
    figures: list[Figure] = []
    for name, rows in slices.items():
        cases = cases_of(data.shop, rows)
        simple, ours = _scores(baseline, cases), [_scores(ranker, cases) for ranker in rankers]
        figures += _slice_figures(name, f"{len(rows)} rows; {_PROTOCOL}", simple, ours)
        if name == NAME:
            figures.append(_ratio_figure(simple, ours))
    return figures


def _scores(ranker: Ranker, cases: EvaluationCases) -> Scores:
    return means(ranker(cases, _CUTOFF, False), cases, _METRICS)


def _slice_figures(name: str, protocol: str, simple: Scores, ours: Sequence[Scores]) -> list[Figure]:
    figures = []
    for metric in _METRICS:
        values = [scores[metric] for scores in ours]
        figures.append(Figure.shown(f"{name}, TF-IDF content: {metric}", simple[metric], UNIT, protocol))
        spread = ", ".join(f"{value:.4f}" for value in values)
        how = f"mean of {len(values)} seeds: {spread}; benchmarks/text/cold_items.yaml; {protocol}"
        figures.append(Figure.shown(f"{name}, ours: {metric}", float(np.mean(values)), UNIT, how))
    return figures


def _ratio_figure(simple: Scores, ours: Sequence[Scores]) -> Figure:
    values = [scores[_METRIC] for scores in ours]
    # Without one hit of the simple model any hit would be infinitely better, which says nothing.
    if simple[_METRIC] == 0:
        return Figure.absent(_ratio_name(), "times", TARGET, "TF-IDF content finds none of the items")
    ratios = [value / simple[_METRIC] for value in values]
    spread = ", ".join(f"{ratio:.3f}" for ratio in ratios)
    how = f"mean of {len(ratios)} seeds: {spread}; the same rows"
    return Figure.at_least(_ratio_name(), float(np.mean(ratios)), "times", TARGET, how)


def _ratio_name() -> str:
    return f"{NAME}, ours / TF-IDF content: {_METRIC}"
