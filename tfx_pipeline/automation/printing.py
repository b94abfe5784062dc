"""What a scan found, on the console."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tfx_pipeline.automation.findings import Findings, Suspect
from tfx_pipeline.number_format import format_count

_MOST = 10


def print_findings(findings: Findings, console: Console | None = None) -> None:
    """Print the counts, and the users and items with the highest scores."""
    console = console or Console()
    for note in findings.notes():
        console.print(note, highlight=False)
    for name, suspects in (("user", findings.users.suspects), ("item", findings.items.suspects)):
        if suspects:
            console.print(_table(name, suspects))


def _table(name: str, suspects: list[Suspect]) -> Table:
    table = Table(name, "score", "events", "reasons")
    for each in suspects[:_MOST]:
        table.add_row(
            escape(each.name), f"{each.score:.1f}", format_count(each.events), escape("; ".join(each.reasons))
        )
    return table
