import json
from io import StringIO

from rich.console import Console

from serving.client import Explanation
from tfx_pipeline.explained_items import ExplainedItem, ExplainedItems, print_explanations, to_json

EXPLANATION = Explanation("i[1]", "", 0.25, [], [], ["[red]"], 0, None)
EXPLAINED = ExplainedItems("Why [bold]?", (ExplainedItem(EXPLANATION, "", ("words: [red]", "near to: Käse")),), 7)


def test_the_table_shows_ids_and_words_as_they_are() -> None:
    console = Console(file=StringIO(), width=100, color_system=None)
    print_explanations(EXPLAINED, console)
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    assert text.splitlines()[0].strip() == "Why [bold]?"
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if line.startswith("│")]
    assert rows == [["i[1]", "–", "–", "0.2500", "words: [red]"], ["", "", "", "", "near to: Käse"]]


def test_json_carries_everything() -> None:
    text = to_json(EXPLAINED)
    assert "Käse" in text
    document = json.loads(text)
    assert (document["question"], document["model_version"]) == ("Why [bold]?", 7)
    [item] = document["explanations"]
    assert (item["item_id"], item["source"], item["matching_words"]) == ("i[1]", "", ["[red]"])
    assert (item["title"], item["why"]) == ("", ["words: [red]", "near to: Käse"])
