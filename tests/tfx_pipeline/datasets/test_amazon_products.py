"""Product metadata of Amazon Reviews."""

import gzip
import json
from pathlib import Path

import pytest

from tfx_pipeline.datasets.amazon_products import DESCRIPTION_CHARACTERS, PRODUCT_SCHEMA, ProductFields, products
from tfx_pipeline.sources.errors import DataError

FIELDS = ProductFields("asin", category="category", brand="brand")


def read(path: Path, *lines: str) -> list[dict]:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return [row for table in products(path, FIELDS) for row in table.to_pylist()]


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (12.5, 12.5),
        (3, 3.0),
        ("$1,012.50", 1012.5),
        ("from 12.50", 12.5),
        ("$12.50 - $20.00", 12.5),
        ("7.99", 7.99),
        ("", None),
        (None, None),
        ("—", None),
        (".a-box-inner{background-color:#fff}", None),
        (float("nan"), None),
    ],
)
def test_prices(tmp_path: Path, price: object, expected: float | None) -> None:
    assert [row["price"] for row in read(tmp_path / "meta", json.dumps({"asin": "a", "price": price}))] == [expected]


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        (["Books", " Science ", ""], "Books > Science"),
        ([["Tools", "Saws"], ["Tools", "Blades"]], "Tools > Saws"),
        ("Books", "Books"),
        ([], ""),
        (None, ""),
    ],
)
def test_categories(tmp_path: Path, category: object, expected: str) -> None:
    assert read(tmp_path / "meta", json.dumps({"asin": "a", "category": category}))[0]["category"] == expected


def test_texts(tmp_path: Path) -> None:
    product = {
        "asin": "0001",
        "title": "Tom &amp; Jerry\n 2",
        "description": ["One.", "", "x" * 3000],
        "brand": None,
    }
    (row,) = read(tmp_path / "meta", json.dumps(product))
    assert (row["item_id"], row["title"], row["brand"]) == ("0001", "Tom & Jerry 2", "")
    assert row["description"].startswith("One. xx")
    assert len(row["description"]) == DESCRIPTION_CHARACTERS


def test_a_title_that_is_a_script_is_none(tmp_path: Path) -> None:
    script = "var aPageStart = (new Date()).getTime();\nvar ue_t0=ue_t0||+new Date();"
    assert read(tmp_path / "meta", json.dumps({"asin": "a", "title": script}))[0]["title"] == ""


def test_python_literals(tmp_path: Path) -> None:
    (row,) = read(tmp_path / "meta", "{'asin': '0002', 'title': \"It's\", 'price': 2.5, 'category': [['A', 'B']]}")
    assert row == dict(item_id="0002", title="It's", description="", category="A > B", brand="", price=2.5)


@pytest.mark.parametrize("line", ["", "not json", "[1, 2]", '{"asin": null}', '{"asin": "a"', "__import__('os')"])
def test_an_unreadable_line_keeps_its_place_as_a_row_without_an_id(tmp_path: Path, line: str) -> None:
    rows = read(tmp_path / "meta", '{"asin": "a"}', line, '{"asin": "b"}')
    assert [row["item_id"] for row in rows] == ["a", "", "b"]


def test_a_cut_gzip_file(tmp_path: Path) -> None:
    path = tmp_path / "meta_X.json.gz"
    path.write_bytes(gzip.compress(b'{"asin": "a"}\n' * 1000)[:-20])
    with pytest.raises(DataError, match=r"meta_X\.json\.gz: a damaged file: Compressed file ended"):
        list(products(path, FIELDS))


def test_schema(tmp_path: Path) -> None:
    path = tmp_path / "meta"
    path.write_text('{"asin": "a"}\n')
    assert [table.schema for table in products(path, FIELDS)] == [PRODUCT_SCHEMA]
