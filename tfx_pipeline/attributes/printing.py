"""What was filled, on the console."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tfx_pipeline.attributes.fill import FilledAttribute
from tfx_pipeline.number_format import ABSENT, format_count
from trainer.attributes.abstention import LEAST_ANSWERS


def print_filled(filled: Sequence[FilledAttribute], console: Console | None = None) -> None:
    """Print one line an attribute; the last columns are about items that nothing was trained on."""
    console = console or Console()
    table = Table("attribute", "without", "filled", "threshold", "held out", "answered", "right")
    for each in filled:
        table.add_row(
            each.name,
            format_count(each.lacking),
            format_count(each.filled),
            ABSENT if each.threshold is None else f"{each.threshold:.2f}",
            format_count(each.held_out),
            _percent(each.answered),
            _percent(each.right),
        )
    console.print(table)
    for each in filled:
        if each.threshold is None:
            console.print(f"{each.name}: nothing is filled in; {_why_not(each)}", highlight=False)


def _why_not(attribute: FilledAttribute) -> str:
    if attribute.held_out < LEAST_ANSWERS:
        return (
            f"it takes {LEAST_ANSWERS} held-out items with the attribute to tell how often an answer is right, and "
            f"there are {attribute.held_out}"
        )
    return f"no {LEAST_ANSWERS} answers on held-out items are right as often as was asked for"


def _percent(share: float | None) -> str:
    return ABSENT if share is None else f"{100 * share:.1f} %"
