"""What was not measured, or came out badly: the limits of a model card, read from the summary of its run."""

from collections.abc import Iterator

from tfx_pipeline.report.window_view import HEADINGS, main_metric, own_model
from tfx_pipeline.run_summary import RunSummary, WindowMetrics

_ALWAYS = (
    "The metrics count what users found without this model. An item that they were not shown counts as a miss, even "
    "where they would have taken it.",
    "Users without an event in a window are not part of its metrics.",
    "There is no log of what was shown with its propensities, so what another policy would have earned is not "
    "estimated, and click-through and conversion rates are not measured.",
)


def limits(run: RunSummary) -> Iterator[str]:
    """Sentences, from what holds of every run to what this one lacks."""
    yield from _ALWAYS
    for window in run.windows:
        yield from _not_better(window)
    yield from _in_slices(run)
    yield from _not_measured(run)
    yield from _in_data(run)


def _not_better(window: WindowMetrics) -> Iterator[str]:
    """The models that the run's own is not shown to beat."""
    metric = main_metric(window.table)
    for items, heading in HEADINGS.items():
        tests = [test for test in window.tests if (test.metric, test.items) == (metric, items)]
        equal = [test.other for test in tests if test.low <= 0]
        if equal:
            model = own_model(window.table)
            yield (
                f"{heading}, {window.name} window: {model} is not shown to be better than {', '.join(equal)} "
                f"by {metric}."
            )


def _in_slices(run: RunSummary) -> Iterator[str]:
    scores = [score for window in run.windows for score in window.slices]
    small = sum(score.too_small for score in scores)
    if small:
        yield f"{small} of {len(scores)} slices have too few users to be read as results."
    if not scores:
        yield "The metrics were not divided into slices: some groups may be served far worse than the mean."
    gaps = [(window, gap) for window in run.windows for gap in window.gaps]
    if not gaps:
        yield "No gap between groups was measured, in quality or in exposure."
    for window, gap in gaps:
        if not gap.passed:
            yield (
                f"{window.name.capitalize()} window: the {gap.kind} gap by {gap.dimension} is larger than allowed, "
                f"between {gap.best_label} and {gap.worst_label}."
            )


def _not_measured(run: RunSummary) -> Iterator[str]:
    if not run.ranker:
        yield "The ranker's probabilities were not scored: read its scores as an order, not as chances."
    if not run.exploration:
        yield "How much the policies explore was not measured."
    if any(isinstance(window.start, int) for window in run.windows):
        yield "The data has no clock. Windows are places in the order of the events, and recency is a count of events."
    shown = [*(answer for table in run.answers for answer in table.answers)]
    shown += [answer for user in run.examples for answer in user.answers]
    if shown and not any(answer.title for answer in shown):
        yield "None of the items shown in this report has a title: search and new items have little text to go by."


def _in_data(run: RunSummary) -> Iterator[str]:
    if not run.data.audit:
        yield "The examples were not audited for leakage."
    broken = [check.name for check in run.data.audit if check.violations]
    if broken:
        yield f"The leakage audit found violations: {', '.join(broken)}."
    far = [f"{distance.kind} of {distance.feature}" for distance in run.data.distances if distance.exceeded]
    if far:
        yield f"Above their threshold: {', '.join(far)}."
