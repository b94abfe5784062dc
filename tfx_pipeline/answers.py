"""The reply to a question, as a table for a person and as JSON for a program."""

import json
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tfx_pipeline.answer_table import AnswerTable
from tfx_pipeline.number_format import ABSENT, format_metric
from tfx_pipeline.questions import Reply


def print_answers(answers: AnswerTable, console: Console | None = None) -> None:
    """Print the answers as a table: rank, item, title, score, propensity, source."""
    table = Table(title=escape(answers.question), title_justify="left", title_style="bold")
    for column in ("rank", "item", "title", "score", "propensity", "source"):
        is_number = column in ("rank", "score", "propensity")
        table.add_column(column, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for rank, answer in enumerate(answers.answers, start=1):
        numbers = (format_metric(answer.score), format_metric(answer.propensity))
        # Ids and titles are the shop's: whatever they hold is text, not markup.
        table.add_row(
            str(rank), escape(answer.item_id), escape(answer.title or ABSENT), *numbers, escape(answer.source)
        )
    (console or Console()).print(table)


def to_json(reply: Reply) -> str:
    """The reply as a JSON object: question, model_version, request_id and answers, best first."""
    document = {
        "question": reply.table.question,
        "model_version": reply.model_version,
        "request_id": reply.request_id,
        "answers": [asdict(answer) for answer in reply.table.answers],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
