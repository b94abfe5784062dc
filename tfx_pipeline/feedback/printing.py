"""What the verbs of `shoprank feedback` print."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tfx_pipeline.feedback.joined_log import JoinCounts
from tfx_pipeline.feedback.status import FeedbackStatus
from tfx_pipeline.feedback.undo import FeedbackUndo
from tfx_pipeline.feedback.update import FeedbackUpdate
from tfx_pipeline.number_format import format_count, format_seconds

_UNUSED_SLATES = {"too_young": "too young", "other_versions": "of another ranker"}
_UNUSED_OUTCOMES = {
    "late": "late",
    "early": "before their slate",
    "duplicate": "duplicate",
    "repeated": "of an objective that has its reward",
    "not_shown": "on an item that was not shown",
    "unknown_request": "of an unknown request",
    "of_left_out_slates": "of a slate left out",
    "other_event_types": "of no objective",
}


def print_update(update: FeedbackUpdate) -> None:
    """Print what an update did."""
    lines = [_headline(update)]
    if update.path is not None:
        lines.append(f"made from version {update.served} in {format_seconds(update.seconds)}")
    slates = _told(update.counts, _UNUSED_SLATES)
    if update.earlier:
        slates.insert(0, f"{format_count(update.earlier)} learned from before")
    outcomes = _told(update.counts, _UNUSED_OUTCOMES)
    lines += [f"slates left out: {', '.join(slates)}"] if slates else []
    lines += [f"outcomes left out: {', '.join(outcomes)}"] if outcomes else []
    _print([*lines, *([str(update.path)] if update.path is not None else [])])


def print_undo(undo: FeedbackUndo) -> None:
    """Print what was taken back."""
    _print(
        [
            f"version {undo.path.name}: the posterior of version {undo.posterior_of}, "
            f"without {format_count(undo.slates)} slates",
            f"made from version {undo.served} in {format_seconds(undo.seconds)}",
            str(undo.path),
        ]
    )


def print_status(status: FeedbackStatus) -> None:
    """Print a row for each model version and policy, and what became of the outcomes."""
    table = Table(box=SIMPLE_HEAD)
    for name in ("version", "policy", "slates", "learned", "waiting", "too young", "another ranker"):
        table.add_column(name, no_wrap=True, justify="left" if name == "policy" else "right")
    for row in status.slates:
        numbers = (row.slates, row.learned, row.waiting, row.too_young, row.other_ranker)
        table.add_row(escape(row.model_version), escape(row.policy), *map(format_count, numbers))
    console = Console()
    console.print(f"version {status.served} is served", highlight=False)
    console.print(table)
    counts = status.counts
    told = [f"{format_count(counts.counted)} counted", *_told(counts, _UNUSED_OUTCOMES)]
    console.print(f"{format_count(counts.outcomes)} outcomes: {', '.join(told)}", highlight=False, soft_wrap=True)


def status_json(status: FeedbackStatus) -> str:
    """The status as JSON, with the names of its fields."""
    return json.dumps(asdict(status), indent=2)


def _headline(update: FeedbackUpdate) -> str:
    if update.path is None:
        return f"version {update.served}: nothing new to learn from"
    learned = {"slates": update.slates, "items": update.items}
    told = " with ".join(f"{format_count(count)} {name}" for name, count in learned.items())
    return f"version {update.path.name}: learned from {told}, {format_count(update.rewarded)} of them rewarded"


def _told(counts: JoinCounts, names: Mapping[str, str]) -> list[str]:
    """What there is of each kind, in words."""
    values = asdict(counts)
    return [f"{format_count(values[name])} {words}" for name, words in names.items() if values[name]]


def _print(lines: list[str]) -> None:
    console = Console()
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True, markup=False)
