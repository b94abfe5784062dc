"""Tables of what is measured on labelled rows: logged impressions, and the probabilities of the rankers."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.markup import escape
from rich.table import Table

from tfx_pipeline.evaluate.results import ImpressionScore, RankerScore
from tfx_pipeline.evaluate.text_table import text_table, value_with_interval
from tfx_pipeline.evaluation.probabilities import PROBABILITY_METRICS
from tfx_pipeline.number_format import format_count


def impression_table(scores: Sequence[ImpressionScore], metrics: Sequence[str]) -> Table:
    """A row for each model, a column for each metric."""
    shown = text_table("Logged impressions, all items", "model", *metrics, right=metrics)
    for score in scores:
        cells = (value_with_interval(score.metrics[name], score.intervals[name]) for name in metrics)
        shown.add_row(escape(score.model), *cells)
    return shown


def ranker_tables(scores: Sequence[RankerScore]) -> Iterator[Table]:
    """A table for each model: a row for each metric, a column for each objective."""
    for model, of_model in groupby(scores, key=lambda score: score.model):
        objectives = [score.scores for score in of_model]
        names = [each.objective for each in objectives]
        shown = text_table(f"Ranker of {model}, eval window", "probabilities", *names, right=names)
        shown.add_row("positive rows", *(format_count(each.positives) for each in objectives))
        shown.add_row("rows", *(format_count(each.rows) for each in objectives))
        for metric in PROBABILITY_METRICS:
            cells = (value_with_interval(each.metrics[metric], each.intervals[metric]) for each in objectives)
            shown.add_row(metric, *cells)
        yield shown
