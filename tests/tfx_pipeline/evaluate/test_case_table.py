from collections.abc import Callable
from pathlib import Path

import pytest

from tfx_pipeline.evaluate.case_table import read_case_table
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str], Path]


def test_cases_by_id(save: Save) -> None:
    table = read_case_table(save("a.csv", "case_id,history,targets\n1,a b,c\n2,,a d\n3,b,\n"))
    assert table.case_ids == table.owners == ["1", "2", "3"]
    assert table.history.to_lists() == [["a", "b"], [], ["b"]]
    assert table.targets.to_lists() == [["c"], ["a", "d"], []]


def test_cases_of_one_user_are_numbered(save: Save) -> None:
    text = "user_id,history_item_id,item_id\nu,a,b\nv,a,c\nu,a b,c\n"
    table = read_case_table(save("a.csv", text))
    assert table.case_ids == ["u/1", "v", "u/2"]
    assert table.owners == ["u", "v", "u"]


def test_numbered_cases_keep_clear_of_other_ids(save: Save) -> None:
    table = read_case_table(save("a.csv", "user_id,history,targets\nu,a,b\nu/1,a,c\nu,a b,c\n"))
    assert table.case_ids == ["u/2", "u/1", "u/3"]


def test_lists_in_json_lines(save: Save) -> None:
    line = '{"session_id": 4, "history": ["x", "y"], "target": ["z"]}\n'
    table = read_case_table(save("a.jsonl", line))
    assert (table.case_ids, table.history.to_lists(), table.targets.to_lists()) == (["4"], [["x", "y"]], [["z"]])


def test_columns_of_other_names(save: Save) -> None:
    path = save("a.csv", "who,before,after\n1,a,b\n")
    table = read_case_table(path, {"case_id": "who", "history": "before", "targets": "after"})
    assert (table.case_ids, table.targets.to_lists()) == (["1"], [["b"]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("case_id,history,targets\n1,a,b\n2,a,b\n1,a,c\n", "{path}, line 4: case_id '1' occurs twice"),
        ("case_id,history,targets\n,a,b\n", "{path}, line 2: case_id is empty"),
        (
            "case_id,targets\n1,a\n",
            "{path}: history needs column 'history' or 'history_item_id' or 'history_item_ids', "
            "but the file has case_id, targets",
        ),
        (
            "case_id,history,targets\n1,a,[b\n",
            "{path}, line 2: targets: neither ids separated by spaces nor a JSON list: [b",
        ),
    ],
)
def test_a_table_that_cannot_be_used(save: Save, text: str, message: str) -> None:
    path = save("a.csv", text)
    with pytest.raises(DataError) as error:
        read_case_table(path)
    assert str(error.value) == message.format(path=path)
