from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tfx_pipeline.new_items_table import read_new_items
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.table_config import DataConfig
from trainer.item_records import ItemRecord


def data(**items: Any) -> DataConfig:
    """A shop; its events are never read here."""
    tables: dict[str, Any] = {"events": {"path": "events.csv"}}
    return DataConfig.model_validate({**tables, "items": {"path": "items.csv", **items}} if items else tables)


def write(folder: Path, text: str, name: str = "new.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_of_the_contract(tmp_path: Path) -> None:
    text = (
        "item_id,title,description,category,brand,price,available,colour\n"
        "a, Oat milk ,1 l,food>milk,Farm,2.5,no,white\n"
        "b,,,,,,,\n"
    )
    new = read_new_items(write(tmp_path, text), data(), tmp_path / "quarantine.csv")
    assert new.records == [
        ItemRecord("a", "Oat milk", "1 l", "food > milk", "Farm", 2.5, False),
        ItemRecord("b", available=True),
    ]
    assert new.columns == ("item_id", "title", "description", "category", "brand", "price", "available")
    assert (new.report.rows_read, new.report.rows_kept) == (2, 2)
    assert not (tmp_path / "quarantine.csv").exists()


def test_what_has_no_column_is_not_said(tmp_path: Path) -> None:
    new = read_new_items(write(tmp_path, "item_id,price\na,3\n"), data(), tmp_path / "quarantine.csv")
    assert new.records == [ItemRecord("a", price=3.0)]


def test_columns_as_the_shop_names_them(tmp_path: Path) -> None:
    shop = data(
        columns={"item_id": "sku", "title": ["kind", "size"], "price": "cost", "category": "tree"},
        own_columns={"weight": "number"},
        constants={"brand": "Own"},
        csv={"delimiter": ";"},
        decimal_mark=",",
        category_separator="/",
    )
    text = "sku;kind;size;cost;title\n7;milk;1 l;2,5;other\n"
    new = read_new_items(write(tmp_path, text), shop, tmp_path / "quarantine.csv")
    assert new.records == [ItemRecord("7", "milk 1 l", brand="Own", price=2.5)]


def test_columns_that_the_file_lacks_are_read_by_the_name_of_the_contract(tmp_path: Path) -> None:
    shop = data(columns={"item_id": "sku", "title": ["kind", "size"]})
    new = read_new_items(write(tmp_path, "item_id,title\n7,milk\n"), shop, tmp_path / "quarantine.csv")
    assert new.records == [ItemRecord("7", "milk")]


@pytest.mark.parametrize("name", ["new.parquet", "new.jsonl"])
def test_other_kinds_of_files(tmp_path: Path, name: str) -> None:
    frame = pd.DataFrame({"item_id": ["a", "b"], "title": ["tea", None], "price": [1.0, None]})
    path = tmp_path / name
    frame.to_parquet(path) if name.endswith("parquet") else frame.to_json(path, orient="records", lines=True)
    new = read_new_items(path, data(), tmp_path / "quarantine.csv")
    assert new.records == [ItemRecord("a", "tea", price=1.0), ItemRecord("b")]


def test_a_few_bad_rows_go_to_quarantine(tmp_path: Path) -> None:
    rows = [f"item-{number},{number}\n" for number in range(200)]
    rows[5] = "item-5,cheap\n"
    path = write(tmp_path, "item_id,price\n" + "".join(rows))
    new = read_new_items(path, data(), tmp_path / "run" / "quarantine.csv")
    assert len(new.records) == 199
    assert new.report.quarantined == {"not a number": 1}
    [_, line] = (tmp_path / "run" / "quarantine.csv").read_text().splitlines()
    assert line == f"{path},7,price,not a number,cheap"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "{path}: no such file"),
        ("", "{path}: the file is empty"),
        ("title,price\nmilk,1\n", "{path}: item_id needs column 'item_id', but the file has title, price"),
        ("item_id,title\n", "{path}: the file has no data rows"),
        ("item_id,price\na,cheap\n", "first: line 2, price: not a number: 'cheap'; all of them: {quarantine}"),
        ("item_id,price\na,-1\n", "first: line 2, price: negative price: '-1'; all of them: {quarantine}"),
        ("item_id,price\n,1\n", "first: line 2, item_id: missing item_id: ''; all of them: {quarantine}"),
        ("item_id\na\na\n", "first: line 3, item_id: duplicate item_id: 'a'; all of them: {quarantine}"),
        ("item_id,available\na,maybe\n", "first: line 2, available: unreadable availability: 'maybe'"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str | None, message: str) -> None:
    path, quarantine = tmp_path / "new.csv", tmp_path / "quarantine.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError) as error:
        read_new_items(path, data(), quarantine)
    assert message.format(path=path, quarantine=quarantine) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_and_an_unknown_kind(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"^{tmp_path}: not a file$"):
        read_new_items(tmp_path, data(), tmp_path / "quarantine.csv")
    path = write(tmp_path, "item_id\na\n", "new.xlsx")
    with pytest.raises(DataError, match=rf"^{path}: cannot read this kind of file"):
        read_new_items(path, data(), tmp_path / "quarantine.csv")


@pytest.mark.parametrize("columns", [{}, {"margin": "profit"}])
def test_numbers_of_the_shops_own(tmp_path: Path, columns: dict[str, str]) -> None:
    shop = data(columns=columns, own_columns={"margin": "number", "stock": "number", "colour": "text"})
    text = f"item_id,{columns.get('margin', 'margin')},colour\na,0.5,red\nb,,\n"
    new = read_new_items(write(tmp_path, text), shop, tmp_path / "quarantine.csv")
    assert new.records == [ItemRecord("a", numbers={"margin": 0.5}), ItemRecord("b")]
    assert new.columns == ("item_id", "margin")
