from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tfx_pipeline.evaluate.open_data import open_data
from tfx_pipeline.evaluate.request import EvaluateRequest, OutputFiles
from tfx_pipeline.evaluate.search_data import search_data
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str], Path]
ITEMS = "item_id,title\nb,black tea\na,green tea\nb,again\n"
QUERIES = "query,item_id,relevance,split\ntea,a,2,dev\ntea,b,1,dev\nmug,z,1,test\nmug,a,0,test\nsoap,a,0,test\n"


def test_queries_are_cases_without_a_history(save: Save) -> None:
    queries, items = save("q.csv", QUERIES), save("items.csv", ITEMS)
    data = search_data(EvaluateRequest(("BM25",), queries, items=items))
    assert (data.protocol, data.window, data.items_asked, data.who) == ("search", None, ("all",), "queries")
    assert data.item_ids.tolist() == ["b", "a", "z"]
    assert data.cases.user_ids == ["tea", "mug"]
    assert not data.cases.history.lengths.any()
    assert [sorted(data.cases.targets.row(case)) for case in range(2)] == [[0, 1], [2]]
    assert data.search is not None
    assert list(data.search.documents) == ["black tea", "green tea", ""]
    assert data.search.queries_of(data.cases[1:]) == ["mug"]


def test_what_a_reader_has_to_know(save: Save) -> None:
    queries, items = save("q.csv", QUERIES), save("items.csv", ITEMS)
    assert search_data(EvaluateRequest(("BM25",), queries, items=items)).notes == (
        f"1 rows of {items} name an item again; its first row counts",
        f"1 relevant items are not in {items}; they were added without a text",
        "1 queries have no relevant item and do not count",
        f"{queries}: relevance has degrees; all items above 0 count as relevant, and alike",
        f"{queries} has the splits dev, test, and all count; --where split=NAME asks about one",
    )


def test_nothing_to_tell(save: Save) -> None:
    queries, items = save("q.csv", "query,item_id,split\ntea,a,x\nmug,b,y\n"), save("items.csv", "id,text\na,x\nb,y\n")
    data = search_data(EvaluateRequest(("BM25",), queries, items=items, where={"split": ("x",)}))
    assert (data.notes, data.cases.user_ids) == ((), ["tea"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"items": None}, "protocol search needs --items FILE, the catalogue with its text"),
        ({"where": {"query": ("soap",)}}, "{queries}: no query has a relevant item"),
        ({"train": Path("x")}, "--train does not go with protocol search: a query has no user and no history"),
        (
            {"impressions": Path("x")},
            "--impressions does not go with protocol search: a query has no user and no history",
        ),
        (
            {"files": OutputFiles(new_predictions=Path("x.csv"))},
            "--new-predictions does not go with protocol search: a query has no user and no history",
        ),
        (
            {"files": OutputFiles(history=Path("x.csv"))},
            "--history does not go with protocol search: a query has no user and no history",
        ),
        ({"data": Path("/")}, "/: protocol search needs a table of queries, this is a shop's data"),
        ({"slices": ("brand",)}, "--slice needs the tables of a shop; {queries} is a table of cases"),
    ],
)
def test_a_request_that_cannot_be_met(save: Save, change: dict[str, object], message: str) -> None:
    queries = save("q.csv", QUERIES)
    request = EvaluateRequest(("BM25",), queries, "search", items=save("items.csv", ITEMS))
    with pytest.raises(DataError) as error, open_data(replace(request, **change)):  # type: ignore[arg-type]
        pass
    assert str(error.value) == message.format(queries=queries)
