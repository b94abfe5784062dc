"""The rows are TensorFlow's own messages, byte for byte."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.feedback.schema import OUTCOMES, SHOWN, Column
from serving.feedback.tf_example import Example, decode, encode

COLUMNS = (Column("text", "string"), Column("whole", "int64"), Column("numbers", "float", is_list=True))
NUMBERS = st.floats(width=32, allow_nan=False)
WHOLE = st.integers(-(2**63), 2**63 - 1)
VALUES = {"string": st.text(max_size=4), "int64": WHOLE, "float": NUMBERS, "double": NUMBERS}


def rows_of(columns):
    return st.fixed_dictionaries(
        {
            column.name: st.lists(VALUES[column.kind], max_size=3) if column.is_list else VALUES[column.kind]
            for column in columns
        }
    )


@pytest.mark.parametrize("columns", [SHOWN, OUTCOMES])
def test_what_is_encoded_is_decoded(columns) -> None:
    @settings(max_examples=30, derandomize=True)
    @given(rows_of(columns))
    def check(row) -> None:
        assert decode(columns, encode(columns, row)) == row

    check()


def test_the_bytes_are_those_of_tensorflow() -> None:
    import tensorflow as tf

    data = encode(COLUMNS, {"text": "naïve", "whole": -5, "numbers": [0.5, -1.25]})
    feature = {
        "text": tf.train.Feature(bytes_list=tf.train.BytesList(value=["naïve".encode()])),
        "whole": tf.train.Feature(int64_list=tf.train.Int64List(value=[-5])),
        "numbers": tf.train.Feature(float_list=tf.train.FloatList(value=[0.5, -1.25])),
    }
    real = tf.train.Example(features=tf.train.Features(feature=feature))
    assert data == real.SerializeToString(deterministic=True)


def test_tensorflow_parses_a_batch_with_an_empty_list() -> None:
    import tensorflow as tf

    rows = [{"text": "a", "whole": 1, "numbers": [1.0, 2.0]}, {"text": "b", "whole": 2, "numbers": []}]
    parsed = tf.io.parse_example(
        [encode(COLUMNS, row) for row in rows],
        {
            "text": tf.io.FixedLenFeature([], tf.string),
            "whole": tf.io.FixedLenFeature([], tf.int64),
            "numbers": tf.io.RaggedFeature(tf.float32),
        },
    )
    assert parsed["text"].numpy().tolist() == [b"a", b"b"]
    assert parsed["whole"].numpy().tolist() == [1, 2]
    assert parsed["numbers"].to_list() == [[1.0, 2.0], []]


def test_what_is_absent_is_none_and_what_is_empty_is_not() -> None:
    row = decode(COLUMNS, Example().SerializeToString())
    assert row == {"text": None, "whole": None, "numbers": None}
    assert decode(COLUMNS, encode(COLUMNS, {"text": "", "whole": 0, "numbers": []}))["numbers"] == []


def test_not_a_number_stays() -> None:
    row = {"request_id": "r", "item_id": "i", "event_type": "e", "timestamp": 1, "value": math.nan}
    assert math.isnan(decode(OUTCOMES, encode(OUTCOMES, row))["value"])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ((Column("text", "int64"),), "text is a bytes_list, a int64_list is needed"),
        ((Column("numbers", "float"),), "numbers has 2 values, one is needed"),
    ],
)
def test_another_type_is_refused(columns, message: str) -> None:
    data = encode(COLUMNS, {"text": "a", "whole": 1, "numbers": [1.0, 2.0]})
    with pytest.raises(ValueError, match=f"^{message}$"):
        decode(columns, data)


def test_other_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^it is no tf\.Example$"):
        decode(COLUMNS, b"\xff\xff\xff")
