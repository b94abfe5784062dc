"""A table measured elsewhere, with what it takes to measure it again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfx_pipeline.evaluation.baselines import Baseline
from tfx_pipeline.evaluation.baselines.bm25 import BM25
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions
from tfx_pipeline.evaluation.metrics import score_rankings
from tfx_pipeline.evaluation.rankings import Rankings
from tfx_pipeline.evaluation.table import Items


def columns(*metrics: str) -> Callable[..., dict[str, float]]:
    """What turns the numbers of a row of a table with these columns into figures by metric."""

    def figures(*values: float) -> dict[str, float]:
        return dict(zip(metrics, values, strict=True))

    return figures


@dataclass(frozen=True)
class PublishedRow:
    """One model's figures.

    Attributes:
        model: What the table calls it.
        baseline: The same with our settings.
        items: Whether all items are ranked, or those alone that are not in the history.
        figures: Metric such as `NDCG@10` -> the table's number.
        note: What the table leaves open and how it is set here.
    """

    model: str
    baseline: "Baseline | BM25"
    items: Items
    figures: Mapping[str, float]
    note: str = ""


@dataclass(frozen=True)
class PublishedTable:
    """The figures of one data set.

    Attributes:
        data: Name of the data set.
        protocol: What is learned from, who is asked about, and what counts.
        users: Kind of items -> number of users (or queries) that the table has, where it says so.
        rows: The models.
        measure: Gives our metrics of each row and the number of its users, from the folder of real data. It raises a
            `DataError` where the data are absent.
    """

    data: str
    protocol: str
    users: Mapping[Items, int]
    rows: Sequence[PublishedRow]
    measure: Callable[[Path], Iterator[tuple[dict[str, float], int]]]


def measure_rows(
    rows: Sequence[PublishedRow], interactions: Interactions, cases: EvaluationCases
) -> Iterator[tuple[dict[str, float], int]]:
    """Fit, rank and score each row on the same cases; its metrics, and the users that count."""
    parts: dict[Items, EvaluationCases] = {"all": cases, "new": cases.new_only()[0]}
    for row in rows:
        assert not isinstance(row.baseline, BM25)
        asked = parts[row.items]
        ranked = row.baseline.fit(interactions)(asked, longest(row), row.items == "new")
        yield means(row, ranked, asked), len(asked)


def longest(row: PublishedRow) -> int:
    """The largest cut-off of a row's metrics."""
    return max(int(metric.split("@")[1]) for metric in row.figures)


def means(row: PublishedRow, ranked: Rankings, cases: EvaluationCases) -> dict[str, float]:
    """The means of a row's metrics; a case without a target counts as if it had none to find."""
    cutoffs = sorted({int(metric.split("@")[1]) for metric in row.figures})
    scores = score_rankings(ranked.items, cases, cutoffs)
    return {metric: float(scores.means[metric] or 0.0) for metric in row.figures}
