from pathlib import Path

import pyarrow as pa
import pytest

from tfx_pipeline.evaluate.row_filter import RowFilter
from tfx_pipeline.sources.errors import DataError

PATH = Path("a.csv")
TABLE = pa.table({"kind": ["a", " b", "c", "b", None], "number": [1.0, 2.0, 2.0, None, 2.0], "list": [[1]] * 5})


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"kind": ["b"]}, [1, 3]),
        ({"kind": ["c", "a"]}, [0, 2]),
        ({"kind": ["b", "c"], "number": ["2"]}, [1, 2]),
        ({"kind": [""]}, [4]),
    ],
)
def test_rows_with_the_wanted_values(wanted: dict[str, list[str]], rows: list[int]) -> None:
    row_filter = RowFilter(PATH, wanted, TABLE.column_names)
    assert row_filter.columns == list(wanted)
    assert row_filter.rows_of(TABLE).tolist() == rows


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"split": ["test"]}, "a.csv: --where needs column 'split', but the file has kind, number, list"),
        ({"kind": ["x", "y"], "number": ["2"]}, "a.csv: no row has kind=x or y and number=2"),
        ({"list": ["1"]}, "a.csv: --where cannot compare list, which holds list<item: int64>"),
    ],
)
def test_a_filter_that_cannot_be_used(wanted: dict[str, list[str]], message: str) -> None:
    with pytest.raises(DataError) as error:
        RowFilter(PATH, wanted, TABLE.column_names).rows_of(TABLE)
    assert str(error.value) == message
