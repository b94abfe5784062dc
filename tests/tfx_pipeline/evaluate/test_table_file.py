import gzip
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tfx_pipeline.evaluate.table_file import TableFile, WantedColumn
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str], Path]
WANTED = (
    WantedColumn("user_id", ("case_id",)),
    WantedColumn("rank"),
    WantedColumn("score", required=False),
)


def test_every_kind_of_file_reads_alike(tmp_path: Path, save: Save) -> None:
    text = "rank,case_id,other\n1,007,x\n2,b,y\n"
    paths = [save("a.csv", text), tmp_path / "a.csv.gz", tmp_path / "a.parquet", tmp_path / "a.jsonl"]
    paths[1].write_bytes(gzip.compress(text.encode()))
    frame = pd.DataFrame({"case_id": ["007", "b"], "rank": [1, 2]})
    frame.to_parquet(paths[2])
    frame.to_json(paths[3], orient="records", lines=True)
    for path in paths:
        file = TableFile(path, WANTED)
        assert (len(file), file.found) == (2, {"user_id": "case_id", "rank": "rank"})
        assert file.ids("user_id").to_pylist() == ["007", "b"]
        assert file.numbers("rank").tolist() == [1.0, 2.0]
        assert not file.has("score")


def test_a_mapping_wins_over_aliases(save: Save) -> None:
    path = save("a.csv", "user_id,case_id,rank,place\nu,c,1,2\n")
    file = TableFile(path, WANTED, {"user_id": "case_id", "rank": "place"})
    assert (file.ids("user_id").to_pylist(), file.numbers("rank").tolist()) == (["c"], [2.0])


def test_places_are_lines_or_rows(save: Save, tmp_path: Path) -> None:
    path = save("a.csv", "user_id,rank\n\na,1\nb,2\n")
    assert TableFile(path, WANTED).place(1) == f"{path}, line 4"
    pd.DataFrame({"user_id": ["a", "b"], "rank": [1, 2]}).to_parquet(tmp_path / "a.parquet")
    assert TableFile(tmp_path / "a.parquet", WANTED).place(1) == f"{tmp_path / 'a.parquet'}, row 2"


@pytest.mark.parametrize(
    ("name", "text", "mapping", "message"),
    [
        (
            "a.csv",
            "user,rank\na,1\n",
            {},
            "{path}: user_id needs column 'user_id' or 'case_id', but the file has user, rank",
        ),
        (
            "a.csv",
            "user_id,rank\na,1\n",
            {"rank": "x"},
            "{path}: rank needs column 'x', but the file has user_id, rank",
        ),
        (
            "a.csv",
            "user_id,rank\na,1\n",
            {"score": "x"},
            "{path}: score needs column 'x', but the file has user_id, rank",
        ),
        ("a.csv", "user_id,rank\na,1\n", {"item": "x"}, "--columns maps 'item', which is none of user_id, rank, score"),
        ("a.csv", "user_id,rank\na,1\nb,2,3\n", {}, "{path}, line 3: wrong number of fields: b,2,3"),
        ("a.csv", "user_id,rank\n", {}, "{path}: the file has no data rows"),
        ("a.csv", "", {}, "{path}: the file is empty"),
        ("a.jsonl", '{{"user_id": "a", "rank": 1}}\nnonsense\n', {}, "{path}, line 2: not a JSON object: nonsense"),
        ("a.parquet", "text", {}, "{path}: not a Parquet file"),
        ("a.xlsx", "text", {}, None),
    ],
)
def test_a_file_that_cannot_be_used(
    save: Save, name: str, text: str, mapping: dict[str, str], message: str | None
) -> None:
    path = save(name, text.replace("{{", "{").replace("}}", "}"))
    with pytest.raises(DataError) as error:
        TableFile(path, WANTED, mapping)
    if message is None:
        assert str(error.value).startswith(f"{path}: cannot read this kind of file, only .csv")
    else:
        assert str(error.value) == message.format(path=path)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        TableFile(tmp_path / "none.csv", WANTED)
    assert str(error.value) == f"{tmp_path / 'none.csv'}: no such file"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user_id,rank\na,1\n,2\n", "line 3: user_id is empty"),
        ("user_id,rank\na,1\nb,first\n", "line 3: rank is 'first', a number is needed"),
        ("user_id,rank\na,\n", "line 2: rank is '', a number is needed"),
    ],
)
def test_a_value_that_cannot_be_used(save: Save, text: str, message: str) -> None:
    path = save("a.csv", text)
    file = TableFile(path, WANTED)
    with pytest.raises(DataError) as error:
        file.ids("user_id")
        file.numbers("rank")
    assert str(error.value) == f"{path}, {message}"


def test_a_column_of_lists_holds_no_ids(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"user_id": [["a"]], "rank": [1]}).to_parquet(path, use_compliant_nested_type=False)
    with pytest.raises(DataError) as error:
        TableFile(path, WANTED).ids("user_id")
    assert str(error.value) == f"{path}: user_id holds no ids but list<item: string>"
