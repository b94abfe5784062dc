from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from tfx_pipeline.evaluate.training_table import read_training_table
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str], Path]


def sequences(path: Path) -> list[list[str]]:
    return read_training_table(path).sequences.to_lists()


def test_events_in_the_order_of_the_rows(save: Save) -> None:
    assert sequences(save("a.csv", "user_id,item_id\nu,a\nv,b\nu,c\nu,a\n")) == [["a", "c", "a"], ["b"]]


@pytest.mark.parametrize("times", [("2020-01-03", "2020-01-01", "2020-01-02"), ("300", "100", "200")])
def test_events_in_the_order_of_time(save: Save, times: tuple[str, str, str]) -> None:
    rows = "\n".join(f"u,{item},{time}" for item, time in zip("abc", times, strict=True))
    assert sequences(save("a.csv", f"user_id,item_id,timestamp\n{rows}\n")) == [["b", "c", "a"]]


def test_growing_histories_count_once(save: Save) -> None:
    text = "user_id,history_item_id,item_id\nu,a b,c\nv,a,b\nu,b c,d\nu,c d,e f\n"
    assert sequences(save("a.csv", text)) == [["a", "b", "c", "d", "e", "f"], ["a", "b"]]


def test_histories_that_do_not_continue_each_other_stay_apart(save: Save) -> None:
    text = "user_id,history,targets\nu,a b,c\nu,x,y\nu,,z\n"
    assert sequences(save("a.csv", text)) == [["a", "b", "c"], ["x", "y"], ["z"]]


def test_interactions_are_ordered_by_user(save: Save) -> None:
    table = read_training_table(save("a.csv", "user_id,item_id\nu,a\nv,b\nu,c\n"))
    interactions = table.interactions(pa.array(["c", "b", "a"]))
    assert interactions.users.tolist() == [0, 0, 1]
    assert interactions.items.tolist() == [2, 0, 1]
    assert (interactions.user_count, interactions.item_count, interactions.ages) == (2, 3, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user_id,item_id\nu,a\nu,\n", "{path}, line 3: item_id is empty"),
        ("user_id,item_id,timestamp\nu,a,soon\n", "{path}, line 2: timestamp is 'soon', a time is needed"),
        (
            "item_id\na\n",
            "{path}: case_id needs column 'case_id' or 'user_id' or 'session_id', but the file has item_id",
        ),
    ],
)
def test_a_table_that_cannot_be_used(save: Save, text: str, message: str) -> None:
    path = save("a.csv", text)
    with pytest.raises(DataError) as error:
        read_training_table(path)
    assert str(error.value) == message.format(path=path)
