import json
from io import StringIO

from rich.console import Console

from tfx_pipeline.answer_table import Answer, AnswerTable
from tfx_pipeline.answers import print_answers, to_json
from tfx_pipeline.questions import Reply

ANSWERS = AnswerTable(
    "Search [red]wine[/red]",
    (Answer("i[1]", "Käse [bold]", 0.91234, 0.75, "history"), Answer("i2", "", 0.5, None, "popular")),
)


def test_the_table_shows_ids_and_titles_as_they_are() -> None:
    console = Console(file=StringIO(), width=100, color_system=None)
    print_answers(ANSWERS, console)
    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()
    assert lines[0].strip() == "Search [red]wine[/red]"
    rows = [[cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")] for line in lines[2:]]
    assert rows[0] == ["rank", "item", "title", "score", "propensity", "source"]
    assert rows[2:4] == [
        ["1", "i[1]", "Käse [bold]", "0.9123", "0.7500", "history"],
        ["2", "i2", "–", "0.5000", "–", "popular"],
    ]


def test_reasons_have_a_column_of_their_own() -> None:
    why = ("chosen before (today)", "words: [b]oak[/b]")
    table = AnswerTable("?", (Answer("i1", "", 1.0, None, "history", why), Answer("i2", "", 1.0, None, "popular")))
    console = Console(file=StringIO(), width=120, color_system=None)
    print_answers(table, console)
    assert isinstance(console.file, StringIO)
    lines = [line for line in console.file.getvalue().splitlines() if line.startswith("│")]
    assert [line.split("│")[-2].strip() for line in lines] == [*why, ""]
    answers = json.loads(to_json(Reply(table, None)))["answers"]
    assert [answer["why"] for answer in answers] == [list(why), []]


def test_a_narrow_table_keeps_every_letter_of_an_id() -> None:
    console = Console(file=StringIO(), width=60, color_system=None)
    print_answers(AnswerTable("?", (Answer("0123456789" * 4, "", 1.0, 1.0, "ann"),)), console)
    assert isinstance(console.file, StringIO)
    rows = [line.split("│")[2].strip() for line in console.file.getvalue().splitlines() if line.startswith("│")]
    assert "".join(rows) == "0123456789" * 4


def test_json_carries_everything() -> None:
    text = to_json(Reply(ANSWERS, 17, "request 1"))
    assert "Käse" in text
    assert json.loads(text) == {
        "question": "Search [red]wine[/red]",
        "model_version": 17,
        "request_id": "request 1",
        "answers": [
            {"item_id": "i[1]", "title": "Käse [bold]", "score": 0.91234, "propensity": 0.75, "source": "history"},
            {"item_id": "i2", "title": "", "score": 0.5, "propensity": None, "source": "popular"},
        ],
    }
