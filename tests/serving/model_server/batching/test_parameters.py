"""The file is TensorFlow Serving's, and every mistake in it is one line that names file and field."""

import os

import pytest

from serving.model_server.batching.parameters import BatchingParameters, read_batching_parameters


@pytest.fixture
def file(tmp_path):
    return tmp_path / "batching.txt"


def test_defaults_are_tensorflow_servings(file):
    file.write_text("")
    expected = BatchingParameters(1000, 0, 10, os.cpu_count(), (), False)
    assert read_batching_parameters(None) == read_batching_parameters(file) == expected


def test_every_field_is_read(file):
    file.write_text(
        """
        max_batch_size { value: 16 }  # rows
        batch_timeout_micros { value: 1000 }
        max_enqueued_batches { value: 100 }
        num_batch_threads { value: 3 }
        thread_pool_name { value: "batches" }
        allowed_batch_sizes: [1, 4, 16]
        pad_variable_length_inputs: true
        """
    )
    assert read_batching_parameters(file) == BatchingParameters(16, 1000, 100, 3, (1, 4, 16), True)


def test_rows_are_padded_to_the_next_allowed_size():
    parameters = BatchingParameters(max_batch_size=16, allowed_batch_sizes=(2, 16))
    assert [parameters.padded_size(rows) for rows in (1, 2, 3, 16)] == [2, 2, 16, 16]
    assert BatchingParameters().padded_size(3) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_batch_size { value: 0 }", "max_batch_size: must be at least 1, is 0"),
        ("batch_timeout_micros { value: -1 }", "batch_timeout_micros: must be at least 0, is -1"),
        ("max_enqueued_batches { value: 0 }", "max_enqueued_batches: must be at least 1, is 0"),
        ("num_batch_threads { value: -2 }", "num_batch_threads: must be at least 1, is -2"),
        ("allowed_batch_sizes: [4, 2, 1000]", "allowed_batch_sizes: must be above 0 and ascending, is [4, 2, 1000]"),
        ("allowed_batch_sizes: [0, 1000]", "allowed_batch_sizes: must be above 0 and ascending, is [0, 1000]"),
        (
            "max_batch_size { value: 8 } allowed_batch_sizes: 4",
            "allowed_batch_sizes: the last entry must be max_batch_size 8, is 4",
        ),
    ],
)
def test_a_value_that_makes_no_sense_is_named(file, text, message):
    file.write_text(text)
    with pytest.raises(ValueError) as error:
        read_batching_parameters(file)
    assert str(error.value) == f"{file}: {message}"


@pytest.mark.parametrize(
    ("text", "place", "culprit"),
    [
        ("max_batch: 3", "line 1, column 1", "max_batch"),
        ("\nmax_batch_size: 3", "line 2, column 17", ""),
        ("pad_variable_length_inputs: perhaps", "line 1, column 29", "perhaps"),
    ],
)
def test_what_is_no_such_text_is_named(file, text, place, culprit):
    file.write_text(text)
    with pytest.raises(ValueError) as error:
        read_batching_parameters(file)
    assert str(error.value).startswith(f"{file}: not a BatchingParameters in text form: {place}: ")
    assert culprit in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(file):
    with pytest.raises(ValueError, match=r"batching.txt: cannot be read: No such file or directory$"):
        read_batching_parameters(file)
