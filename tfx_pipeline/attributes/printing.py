"""What was filled, on the console."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tfx_pipeline.attributes.fill import FilledAttribute
from tfx_pipeline.number_format import ABSENT, format_count


def print_filled(filled: Sequence[FilledAttribute], console: Console | None = None) -> None:
    """Print one line an attribute; the last columns are about items that nothing was trained on."""
    table = Table("attribute", "items without", "filled", "from probability", "answered", "right")
    for each in filled:
        table.add_row(
            each.name,
            format_count(each.lacking),
            format_count(each.filled),
            ABSENT if each.threshold is None else f"{each.threshold:.2f}",
            _percent(each.answered),
            _percent(each.right),
        )
    (console or Console()).print(table)


def _percent(share: float | None) -> str:
    return ABSENT if share is None else f"{100 * share:.1f} %"
