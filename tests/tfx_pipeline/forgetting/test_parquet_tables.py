"""Rows of a user out of Parquet; everything else stays."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.forgetting.parquet_tables import count_rows, drop_rows, erase, values_where
from tfx_pipeline.forgetting.user import User

USER = User("12", "12")


@settings(max_examples=40, deadline=None)
@given(
    users=st.lists(st.sampled_from(["12", "121", "1", "", "u"]), max_size=30),
    group=st.integers(1, 7),
    codec=st.sampled_from(["NONE", "SNAPPY", "GZIP", "ZSTD"]),
)
def test_only_the_rows_of_the_user_go(
    tmp_path_factory: pytest.TempPathFactory, users: list[str], group: int, codec: str
) -> None:
    path = tmp_path_factory.mktemp("tables") / "events.parquet"
    columns = {"user_id": pa.array(users, pa.string()), "item_id": pa.array(["12"] * len(users), pa.string())}
    table = pa.table({**columns, "row": pa.array(range(len(users)), pa.int64())})
    pq.write_table(table, path, row_group_size=group, compression=codec)
    before = path.read_bytes()
    assert erase(path, USER) == users.count("12")
    expected = [{"user_id": u, "item_id": "12", "row": r} for r, u in enumerate(users) if u != "12"]
    assert pq.read_table(path).to_pylist() == expected
    assert pq.read_schema(path).equals(table.schema, check_metadata=True)
    if "12" not in users:
        assert path.read_bytes() == before
    elif expected:
        stored = pq.ParquetFile(path).metadata.row_group(0)
        assert stored.column(0).compression == codec.replace("NONE", "UNCOMPRESSED")
        assert stored.num_rows <= group
    assert erase(path, USER) == 0


def test_dictionaries_forget_the_word_as_well(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    users = pa.array(["a name to forget", "other"] * 3).dictionary_encode()
    pq.write_table(pa.table({"user_id": users, "n": range(6)}), path, compression="NONE")
    assert b"a name to forget" in path.read_bytes()
    assert erase(path, User("a name to forget", "-")) == 3
    assert b"a name to forget" not in path.read_bytes()
    assert pq.read_table(path)["user_id"].to_pylist() == ["other"] * 3


def test_tables_without_users_stay(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    pq.write_table(pa.table({"item_id": ["12"]}), path)
    assert erase(path, USER) == 0


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", b"PAR1 and a foot too longPAR1"])
def test_a_file_that_is_not_parquet(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "events.parquet"
    path.write_bytes(content)
    with pytest.raises(ValueError):
        erase(path, USER)


def test_a_file_with_damaged_pages(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    pq.write_table(pa.table({"user_id": ["12", "7"]}), path, compression="ZSTD")
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\xff" * 40 + content[44:])
    with pytest.raises(ValueError) as error:
        erase(path, USER)
    assert str(error.value) == f"{path}: not a sound Parquet file"


def test_a_file_that_cannot_be_opened_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        erase(tmp_path / "events.parquet", USER)


def test_values_beside_others(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table({"a": ["x", "y", None, "x"], "b": [1, 2, 1, 1]})
    pq.write_table(table, path)
    assert values_where(path, "a", "b", ["1"]) == ["x", "x"]
    assert drop_rows(path, "a", ["x"]) == 2
    assert count_rows(path) == 2
    assert pq.read_table(path).to_pylist() == [{"a": "y", "b": 2}, {"a": None, "b": 1}]
    with pytest.raises(ValueError) as error:
        drop_rows(path, "c", ["x"])
    assert str(error.value) == f"{path}: there is no column c"
