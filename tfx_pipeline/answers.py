"""The reply to a question, as a table for a person and as JSON for a program."""

import json
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tfx_pipeline.answer_table import Answer, AnswerTable
from tfx_pipeline.number_format import ABSENT, format_metric
from tfx_pipeline.questions import Reply


def print_answers(answers: AnswerTable, console: Console | None = None) -> None:
    """Print the answers as a table: rank, item, title, score, propensity, source, and why where any says so."""
    explained = any(answer.why for answer in answers.answers)
    table = Table(title=escape(answers.question), title_justify="left", title_style="bold", show_lines=explained)
    for column in ("rank", "item", "title", "score", "propensity", "source", *["why"] * explained):
        is_number = column in ("rank", "score", "propensity")
        table.add_column(column, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for rank, answer in enumerate(answers.answers, start=1):
        numbers = (format_metric(answer.score), format_metric(answer.propensity))
        # Ids, titles and words are the shop's: whatever they hold is text, not markup.
        item, title, source, why = map(
            escape, (answer.item_id, answer.title or ABSENT, answer.source, "\n".join(answer.why))
        )
        table.add_row(str(rank), item, title, *numbers, source, *[why] * explained)
    (console or Console()).print(table)


def to_json(reply: Reply) -> str:
    """The reply as a JSON object: question, model_version, request_id and answers, best first.

    Answers say why where any of them does.
    """
    explained = any(answer.why for answer in reply.table.answers)
    document = {
        "question": reply.table.question,
        "model_version": reply.model_version,
        "request_id": reply.request_id,
        "answers": [_document(answer, explained) for answer in reply.table.answers],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _document(answer: Answer, explained: bool) -> dict[str, Any]:
    return {name: value for name, value in asdict(answer).items() if explained or name != "why"}
