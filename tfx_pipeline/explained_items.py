"""Explanations of items, as a table for a person and as JSON for a program."""

import json
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from serving.client import Explanation
from tfx_pipeline.number_format import ABSENT, format_metric


@dataclass(frozen=True)
class ExplainedItem:
    """An item and why it is shown.

    Attributes:
        explanation: What the servable says.
        title: Title of the item; empty if it has none.
        why: The same in words, the plainest reason first.
    """

    explanation: Explanation
    title: str
    why: tuple[str, ...]


@dataclass(frozen=True)
class ExplainedItems:
    """A question why, and its answer.

    Attributes:
        question: The question.
        items: The items, in the order asked.
        model_version: Version that is in service; None if the server names none.
    """

    question: str
    items: tuple[ExplainedItem, ...]
    model_version: int | None


def print_explanations(explained: ExplainedItems, console: Console | None = None) -> None:
    """Print the explanations as a table: item, title, source, score, why."""
    table = Table(title=escape(explained.question), title_justify="left", title_style="bold", show_lines=True)
    for column in ("item", "title", "source", "score", "why"):
        is_number = column == "score"
        table.add_column(column, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for item in explained.items:
        found = item.explanation
        # Ids, titles and words are the shop's: whatever they hold is text, not markup.
        texts = (escape(text) for text in (found.item_id, item.title or ABSENT, found.source or ABSENT))
        table.add_row(*texts, format_metric(found.utility), escape("\n".join(item.why)))
    (console or Console()).print(table)


def to_json(explained: ExplainedItems) -> str:
    """The explanations as a JSON object: question, model_version and explanations, in the order asked."""
    document = {
        "question": explained.question,
        "model_version": explained.model_version,
        "explanations": [
            {**asdict(item.explanation), "title": item.title, "why": list(item.why)} for item in explained.items
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
