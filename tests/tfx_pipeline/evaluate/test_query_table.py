from collections.abc import Callable
from pathlib import Path

import pytest

from tfx_pipeline.evaluate.query_table import read_queries
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str], Path]


def test_equal_queries_are_one(save: Save) -> None:
    table = read_queries(save("a.csv", "query,item_id\ntea,b\nmug,a\ntea,c\ntea,b\n"))
    assert table.query_ids == table.queries == ["tea", "mug"]
    assert table.relevant.to_lists() == [["b", "c", "b"], ["a"]]
    assert (table.is_graded, table.splits) == (False, [])


def test_equal_queries_with_ids_are_several(save: Save) -> None:
    text = "query_id,query,relevant_item_id,split\n7,tea,b,dev\n8,tea,a,test\n7,tea,c,dev\n"
    table = read_queries(save("a.csv", text))
    assert (table.query_ids, table.queries) == (["7", "8"], ["tea", "tea"])
    assert table.relevant.to_lists() == [["b", "c"], ["a"]]
    assert table.splits == ["dev", "test"]


@pytest.mark.parametrize(
    ("degrees", "relevant", "is_graded"),
    [
        (("1", "0", "1"), [["b"], ["c"]], False),
        (("2", "0.5", "-1"), [["b", "a"], []], True),
        (("3", "3", "0"), [["b", "a"], []], False),
    ],
)
def test_above_zero_is_relevant(
    save: Save, degrees: tuple[str, ...], relevant: list[list[str]], is_graded: bool
) -> None:
    rows = zip(("tea,b", "tea,a", "mug,c"), degrees, strict=True)
    text = "query,item_id,relevance\n" + "\n".join(f"{pair},{degree}" for pair, degree in rows)
    table = read_queries(save("a.csv", text + "\n"))
    assert table.queries == ["tea", "mug"]
    assert (table.relevant.to_lists(), table.is_graded) == (relevant, is_graded)


def test_columns_are_mapped_and_rows_chosen(save: Save) -> None:
    path = save("a.csv", "text,product,kind\ntea,a,x\nmug,b,y\n")
    table = read_queries(path, {"query": "text", "item_id": "product"}, {"kind": ["y"]})
    assert (table.queries, table.relevant.to_lists()) == (["mug"], [["b"]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "query,item\ntea,a\n",
            "{path}: item_id needs column 'item_id' or 'relevant_item_id', but the file has query, item",
        ),
        ("item_id\na\n", "{path}: query needs column 'query', but the file has item_id"),
        ("query,item_id\ntea,a\n,b\n", "{path}, line 3: query is empty"),
        ("query,item_id\ntea,\n", "{path}, line 2: item_id is empty"),
        ("query_id,query,item_id\n,tea,a\n", "{path}, line 2: query_id is empty"),
        ("query,item_id,relevance\ntea,a,high\n", "{path}, line 2: relevance is 'high', a number is needed"),
        (
            "query_id,query,item_id\n1,tea,a\n2,mug,a\n1,cup,b\n",
            "{path}, line 4: query_id '1' stands for 'cup' and for 'tea'",
        ),
    ],
)
def test_a_table_that_cannot_be_used(save: Save, text: str, message: str) -> None:
    path = save("a.csv", text)
    with pytest.raises(DataError) as error:
        read_queries(path)
    assert str(error.value) == message.format(path=path)
