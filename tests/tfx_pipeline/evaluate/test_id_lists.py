import numpy as np
import pyarrow as pa
import pytest

from tfx_pipeline.evaluate.id_lists import read_id_lists
from tfx_pipeline.sources.errors import DataError


def place(index: int) -> str:
    return f"row {index}"


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["a b  b", " ", "007\tc", None]),
        pa.array([["a", "b", "b"], [], ["007", "c"], None]),
        pa.array(['["a", "b", "b"]', "[]", "007 c", ""]),
        pa.array([["a", "b", "b", None], [""], ["007", "c"], []]),
        pa.array(["a b  b", " ", "007 c", ""]).dictionary_encode(),
    ],
)
def test_lists_come_in_several_notations(values: pa.Array) -> None:
    lists = read_id_lists(values, place)
    assert lists.to_lists() == [["a", "b", "b"], [], ["007", "c"], []]
    assert lists.lengths.tolist() == [3, 0, 2, 0]


def test_numbers_are_ids_too() -> None:
    assert read_id_lists(pa.array([[3, 1], [2]]), place).to_lists() == [["3", "1"], ["2"]]
    assert read_id_lists(pa.array([7, 8]), place).to_lists() == [["7"], ["8"]]
    assert read_id_lists(pa.array([[7.0, 8.0]]), place).to_lists() == [["7", "8"]]


def test_no_row_has_an_id() -> None:
    assert read_id_lists(pa.array([[], []], pa.list_(pa.null())), place).to_lists() == [[], []]
    assert read_id_lists(pa.array([None, None], pa.string()), place).to_lists() == [[], []]


def test_rows_in_a_catalogue() -> None:
    lists = read_id_lists(pa.array(["b a", "", "c"]), place).rows_in(pa.array(["a", "b", "c"]))
    np.testing.assert_array_equal(lists.values, np.array([1, 0, 2], np.int32))
    np.testing.assert_array_equal(lists.offsets, [0, 2, 2, 3])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pa.array(["a b", "[a, b]"]), "row 1: neither ids separated by spaces nor a JSON list: [a, b]"),
        (pa.array([{"x": 1}]), "row 0: a list of ids is needed, the column holds struct<x: int64>"),
    ],
)
def test_what_is_no_list(values: pa.Array, message: str) -> None:
    with pytest.raises(DataError) as error:
        read_id_lists(values, place)
    assert str(error.value) == message
