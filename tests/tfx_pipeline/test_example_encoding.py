"""Hand-made tf.Examples, beside what Protocol Buffers makes of the same values."""

import numpy as np
import pyarrow as pa
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.example_encoding import (
    Runs,
    encode_batch,
    encode_examples,
    serialize_floats,
    serialize_integers,
    serialize_strings,
)

INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 300)
FLOATS = st.floats(width=32, allow_nan=False)
TEXTS = st.text(max_size=5) | st.text(alphabet="ab", min_size=120, max_size=140)


@st.composite
def shops(draw: st.DrawFn) -> tuple[list[int], list[float], list[str], Runs]:
    """Values of three features, and examples of several runs each, some without values."""
    size = draw(st.integers(0, 8))
    values = [draw(st.lists(kind, min_size=size, max_size=size)) for kind in (INTEGERS, FLOATS, TEXTS)]
    bounds = st.tuples(st.integers(0, size), st.integers(0, size)).map(sorted)
    examples = draw(st.lists(st.lists(bounds, max_size=3), max_size=4))
    runs = [run for example in examples for run in example]
    begins, ends = (np.array([run[side] for run in runs], np.int64) for side in (0, 1))
    first = np.concatenate([[0], np.cumsum([len(example) for example in examples])]).astype(np.int64)
    return values[0], values[1], values[2], Runs(first, begins, ends)


@settings(deadline=None, max_examples=200)
@given(shops())
def test_examples_hold_the_values_of_their_runs(shop: tuple[list[int], list[float], list[str], Runs]) -> None:
    integers, floats, texts, runs = shop
    serialized = {
        "texts": (serialize_strings(pa.array(texts, pa.string())), runs),
        "integers": (serialize_integers(np.array(integers, np.int64)), runs),
        "floats": (serialize_floats(np.array(floats)), runs),
    }
    examples = [tf.train.Example.FromString(example).features.feature for example in encode_examples(serialized)]
    assert len(examples) == len(runs.first) - 1
    for number, found in enumerate(examples):
        mine = range(runs.first[number], runs.first[number + 1])
        rows = [row for run in mine for row in range(runs.begin[run], runs.end[run])]
        assert list(found["integers"].int64_list.value) == [integers[row] for row in rows]
        assert list(found["floats"].float_list.value) == [floats[row] for row in rows]
        assert list(found["texts"].bytes_list.value) == [texts[row].encode() for row in rows]
        assert [found[name].WhichOneof("kind") for name in serialized] == ["bytes_list", "int64_list", "float_list"]


def test_each_feature_has_runs_of_its_own_and_keeps_its_place() -> None:
    users = serialize_strings(pa.array(["u", "v"]))
    items = serialize_strings(pa.array(["a", "b", "c"]))
    every = {
        "user": (users, Runs.single(np.array([1, 0]), np.array([2, 1]))),
        "items": (items, Runs.single(np.array([0, 2]), np.array([2, 3]))),
    }
    first, second = encode_examples(every)
    assert first.index(b"user") < first.index(b"items")
    assert list(tf.train.Example.FromString(second).features.feature["items"].bytes_list.value) == [b"c"]
    assert list(tf.train.Example.FromString(first).features.feature["user"].bytes_list.value) == [b"v"]


def test_a_slice_of_an_array_is_serialized_as_itself() -> None:
    whole = pa.array(["aa", "b", "", "cccc", "d"])
    serialized = serialize_strings(whole.slice(1, 3))
    (example,) = encode_examples({"x": (serialized, Runs.single(np.array([0]), np.array([3])))})
    assert list(tf.train.Example.FromString(example).features.feature["x"].bytes_list.value) == [b"b", b"", b"cccc"]


def test_a_batch_of_lists_is_encoded_row_by_row() -> None:
    columns = {
        "id": pa.array([[b"a"], [b"b"], []], pa.list_(pa.binary())),
        "price": pa.array([[], [2.5], [1.0, 3.0]], pa.list_(pa.float32())),
        "count": pa.array([[-1, 300], [], [7]], pa.list_(pa.int64())),
    }
    batch = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
    found = [tf.train.Example.FromString(example).features.feature for example in encode_batch(batch)]
    assert [list(each["id"].bytes_list.value) for each in found] == [[b"a"], [b"b"], []]
    assert [list(each["price"].float_list.value) for each in found] == [[], [2.5], [1.0, 3.0]]
    assert [list(each["count"].int64_list.value) for each in found] == [[-1, 300], [], [7]]
