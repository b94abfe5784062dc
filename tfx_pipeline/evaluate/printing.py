"""The result of an evaluation on the terminal."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from tfx_pipeline.evaluate.measured_tables import impression_table, ranker_tables
from tfx_pipeline.evaluate.request import DESCRIPTIONS
from tfx_pipeline.evaluate.results import EvaluationResult
from tfx_pipeline.evaluate.text_table import interval_text, text_table, value_with_interval
from tfx_pipeline.evaluation.slice_scores import SliceScore
from tfx_pipeline.evaluation.table import EvaluationTable, Items
from tfx_pipeline.number_format import format_count, format_metric, format_seconds

HEADINGS: dict[Items, str] = {"all": "all items", "new": "new items only"}
_FIRST = ("HR", "Recall", "NDCG", "MRR")
_MOST_METRICS = 5
"""Metrics without intervals that fit into 80 columns beside the name of the model."""
_LEVEL = 0.05
"""Below this p-value a difference is marked; p-values are not corrected for the number of tests."""


def print_result(result: EvaluationResult, console: Console | None = None) -> None:
    """Print what was asked, the metrics with their intervals, paired tests, slices, gaps, the ranker and notes."""
    console = console or Console()
    for part in _parts(result):
        console.print(part)
        console.print()


def _parts(result: EvaluationResult) -> Iterator[RenderableType]:
    table = result.evaluation.table
    yield _heading(result)
    if result.data.candidates is not None:
        yield _metric_table(result, "all", table.metrics, "candidate lists")
    else:
        for cutoff in table.cutoffs:
            for items in result.data.items_asked:
                yield _metric_table(result, items, [f"{name}@{cutoff}" for name in _FIRST], HEADINGS[items])
        others = _other_metrics(table)
        for first in range(0, len(others), _MOST_METRICS):
            yield _other_table(table, others[first : first + _MOST_METRICS])
    if result.impressions:
        metrics = list(result.impressions[0].metrics)
        for first in range(0, len(metrics), len(_FIRST)):
            yield impression_table(result.impressions, metrics[first : first + len(_FIRST)])
    if result.evaluation.tests:
        yield _test_table(result)
    slices = [score for score in result.evaluation.slices if score.items == "all" and score.dimension in result.asked]
    if slices:
        yield _slice_table(slices, f"NDCG@{table.cutoffs[0]}")
    if result.gaps:
        yield _gap_table(result)
    yield from ranker_tables(result.ranker)
    if result.notes:
        yield "\n".join(f"Note: {escape(note)}" for note in result.notes)


def _heading(result: EvaluationResult) -> str:
    data, table = result.data, result.evaluation.table
    window = "" if data.window is None else f", {data.window} window{_period(data.period)}"
    items = f"{format_count(len(data.item_ids))} items"
    return (
        f"[bold]{escape(data.source)}[/bold]{escape(window)}\n{DESCRIPTIONS[data.protocol]}\n"
        f"{format_count(table.users('all'))} {data.who}, {items}; {_intervals(result.rounds, data.who)}; "
        f"{format_seconds(result.seconds)}"
    )


def _intervals(rounds: int, who: str) -> str:
    return f"intervals: 95 %, {format_count(rounds)} bootstrap rounds over {who}" if rounds else "no intervals"


def _period(period: tuple[int, int] | None) -> str:
    if period is None:
        return ""
    first, last = (datetime.fromtimestamp(second, timezone.utc) for second in (period[0], period[1] - 1))
    return f" {first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _metric_table(result: EvaluationResult, items: Items, metrics: Sequence[str], heading: str) -> Table:
    table = result.evaluation.table
    title = f"{heading}, {format_count(table.users(items))} {result.data.who}"
    shown = text_table(title, "model", *metrics, right=metrics)
    for model in table.models:
        shown.add_row(escape(model), *(_cell(table, model, items, metric) for metric in metrics))
    return shown


def _cell(table: EvaluationTable, model: str, items: Items, metric: str) -> str:
    row = table.row(model, items)
    value = row.metrics[metric]
    is_best = value is not None and value == table.best(items, metric)
    return value_with_interval(value, row.intervals.get(metric), "bold green" if is_best else "")


def _other_metrics(table: EvaluationTable) -> list[str]:
    """Metrics at the first cut-off that the first tables do not show."""
    cutoff = table.cutoffs[0]
    return [name for name in table.metrics if name.endswith(f"@{cutoff}") and name.rpartition("@")[0] not in _FIRST]


def _other_table(table: EvaluationTable, metrics: Sequence[str]) -> Table:
    shown = text_table("Further metrics, all items", "model", *metrics, right=metrics)
    for model in table.models:
        row = table.row(model, "all")
        shown.add_row(escape(model), *(format_metric(row.metrics[metric]) for metric in metrics))
    return shown


def _test_table(result: EvaluationResult) -> Table:
    table = result.evaluation.table
    metric = f"NDCG@{table.cutoffs[0]}" if result.data.candidates is None else f"sampled NDCG@{table.cutoffs[0]}"
    numbers = ("difference", "95 % interval", "p")
    shown = text_table(f"{result.first} against each other model, {metric}", "other", "items", *numbers, right=numbers)
    for test in result.evaluation.tests:
        if test.metric == metric:
            difference = f"{test.difference:+.4f}"
            if test.p_value < _LEVEL:
                difference = f"[{'green' if test.difference > 0 else 'red'}]{difference}[/]"
            interval = f"{test.low:+.4f} to {test.high:+.4f}"
            shown.add_row(escape(test.other), test.items, difference, interval, f"{test.p_value:.4f}")
    return shown


def _slice_table(scores: Sequence[SliceScore], metric: str) -> Table:
    numbers = ("users", metric, "95 % interval")
    shown = text_table(f"Asked slices of {scores[0].model}, all items", "by", "slice", *numbers, right=numbers)
    for score in scores:
        values = (format_count(score.users), format_metric(score.metrics[metric]))
        small = " [dim](too small)[/dim]" if score.too_small else ""
        label = escape(score.label) + small
        shown.add_row(escape(score.dimension), label, *values, interval_text(score.intervals.get(metric)))
    return shown


def _gap_table(result: EvaluationResult) -> Table:
    """The ends of every slicing: the slices themselves are many, and in the JSON file."""
    shown = text_table(f"Slices of {result.first}", "by", "metric", "highest", "lowest", "gap", right=("gap",))
    for gap in result.gaps:
        ends = (f"{escape(gap.best_label)} {gap.best:.4f}", f"{escape(gap.worst_label)} {gap.worst:.4f}")
        shown.add_row(escape(gap.dimension), gap.metric, *ends, f"{gap.gap:.4f}")
    return shown
