from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tfx_pipeline.evaluate.item_texts import read_item_texts
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("item_id,title,description,text\na,tea,green,1 kg\nb,,red,\n", ["tea green 1 kg", " red "]),
        ("text,brand,id\ntea,x,a\nmug,y,b\n", ["tea", "mug"]),
        ("item_id,title\na,7\nb,8\n", ["7", "8"]),
    ],
)
def test_documents_join_what_there_is(save: Save, text: str, documents: list[str]) -> None:
    items = read_item_texts(save("items.csv", text))
    assert (items.item_ids.to_pylist(), items.documents, items.repeated) == (["a", "b"], documents, 0)


def test_the_first_row_of_an_item_counts(save: Save) -> None:
    items = read_item_texts(save("items.csv", "item_id,title\nb,tea\na,mug\nb,cup\nc,pot\n"))
    assert items.item_ids.to_pylist() == ["b", "a", "c"]
    assert (items.documents, items.repeated) == (["tea", "mug", "pot"], 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("item_id,name\na,tea\n", "{path}: a search needs one of the columns title, description and text"),
        ("title\ntea\n", "{path}: item_id needs column 'item_id' or 'id', but the file has title"),
        ("item_id,title\n,tea\n", "{path}, line 2: item_id is empty"),
    ],
)
def test_a_table_that_cannot_be_used(save: Save, text: str, message: str) -> None:
    path = save("items.csv", text)
    with pytest.raises(DataError) as error:
        read_item_texts(path)
    assert str(error.value) == message.format(path=path)


def test_a_column_of_lists_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    pd.DataFrame({"item_id": ["a"], "title": [["tea"]]}).to_parquet(path, use_compliant_nested_type=False)
    with pytest.raises(DataError) as error:
        read_item_texts(path)
    assert str(error.value) == f"{path}: title holds no text but list<item: string>"
