"""Whatever is joined with whatever, everybody gets the answer of a request alone."""

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.model_server.batching.batching import Batching
from serving.model_server.batching.parameters import BatchingParameters
from serving.model_server.batching.request import Caller
from serving.model_server.errors import RequestError, invalid_argument

POOL = ThreadPoolExecutor(12)


class RowFunctions:
    """A graph whose outputs are functions of each row alone, and which '' and 0 at the end of a row do not change."""

    def __init__(self):
        self.sizes = []

    def __call__(self, signature, inputs, names):
        self.sizes.append(len(inputs["number"]))
        if (inputs["number"] == -1).any():
            raise invalid_argument(f"a number must not be -1, row {np.argwhere(inputs['number'] == -1)[0][0]} has it")
        outputs = {
            "sum": inputs["number"].sum(axis=1) + (1000 if signature == "other" else 0),
            "text": np.array([b"".join(row) for row in inputs["text"]], dtype=object),
        }
        return {name: outputs[name] for name in names}


def inputs_of(rows):
    """Return the inputs for rows of (numbers, text): all as wide as the widest of the request."""
    width = max([1, *(len(numbers) for numbers, _ in rows)])
    number, text = np.zeros((len(rows), width), np.int64), np.full((len(rows), width), b"", object)
    for position, (numbers, letters) in enumerate(rows):
        number[position, : len(numbers)] = numbers
        text[position, 0] = letters
    return {"number": number, "text": text}


ROWS = st.lists(st.tuples(st.lists(st.integers(-1, 9), max_size=3), st.binary(max_size=2)), min_size=1, max_size=3)
REQUESTS = st.lists(
    st.tuples(st.sampled_from(["one", "other"]), st.sampled_from([("sum",), ("sum", "text")]), ROWS), max_size=10
)
PARAMETERS = st.builds(
    BatchingParameters,
    max_batch_size=st.just(4),
    batch_timeout_micros=st.sampled_from([0, 500]),
    max_enqueued_batches=st.just(100),
    num_batch_threads=st.integers(1, 3),
    allowed_batch_sizes=st.sampled_from([(), (4,), (1, 4), (2, 3, 4)]),
    pad_variable_length_inputs=st.booleans(),
)


def answer(run, signature, rows, names):
    """Return the answer in plain lists, or the code and text of the error without the row, which is the batch's."""
    try:
        outputs = run(signature, inputs_of(rows), names)
    except RequestError as error:
        return error.code, str(error).partition(",")[0]
    return {name: array.tolist() for name, array in outputs.items()}


@settings(max_examples=50, deadline=None)
@given(PARAMETERS, REQUESTS)
def test_everybody_gets_the_answer_of_a_request_alone(parameters, requests):
    graph = RowFunctions()
    batching = Batching(parameters, graph)
    barrier = threading.Barrier(len(requests) or 1)

    def ask(request):
        signature, names, rows = request
        barrier.wait(30)
        return answer(lambda *given: batching.run(*given, Caller()), signature, rows, names)

    answers = list(POOL.map(ask, requests))
    assert answers == [answer(RowFunctions(), signature, rows, names) for signature, names, rows in requests]
    assert set(graph.sizes) <= set(parameters.allowed_batch_sizes or range(1, 5))
    assert batching.queue_length() == 0


def test_requests_are_really_joined_and_a_bad_one_fails_alone():
    started, go_on = threading.Event(), threading.Event()
    graph = RowFunctions()

    def run_graph(*given):
        started.set()
        assert go_on.wait(30)
        return graph(*given)

    batching = Batching(BatchingParameters(num_batch_threads=1, pad_variable_length_inputs=True), run_graph)

    def ask(numbers):
        return answer(lambda *given: batching.run(*given, Caller()), "one", [(numbers, b"")], ("sum",))

    first = POOL.submit(ask, [1])
    assert started.wait(30)
    others = [POOL.submit(ask, numbers) for numbers in ([2], [3, 4], [-1], [5])]
    while batching.queue_length() < 4:
        pass
    go_on.set()
    assert first.result(30) == {"sum": [1]}
    bad = (grpc.StatusCode.INVALID_ARGUMENT, "a number must not be -1")
    assert [one.result(30) for one in others] == [{"sum": [2]}, {"sum": [7]}, bad, {"sum": [5]}]
    assert graph.sizes == [1, 4, 1, 1, 1, 1]


def test_a_request_larger_than_a_batch_is_invalid():
    batching = Batching(BatchingParameters(max_batch_size=2), RowFunctions())
    with pytest.raises(RequestError) as error:
        batching.run("one", inputs_of([([], b"")] * 3), ("sum",), Caller())
    assert error.value.code == grpc.StatusCode.INVALID_ARGUMENT
    assert str(error.value) == "Task size 3 is larger than maximum input batch size 2"


def test_an_output_that_is_not_the_batchs_is_an_error():
    batching = Batching(BatchingParameters(), lambda *_: {"sum": np.zeros(2)})
    with pytest.raises(RequestError, match="output sum has shape .2., the batch has 1 rows") as error:
        batching.run("one", inputs_of([([], b"")]), ("sum",), Caller())
    assert error.value.code == grpc.StatusCode.FAILED_PRECONDITION


def test_whatever_goes_wrong_is_an_internal_error():
    batching = Batching(BatchingParameters(), lambda *_: {}["nothing"])
    with pytest.raises(RequestError, match="^KeyError: 'nothing'$") as error:
        batching.run("one", inputs_of([([], b"")]), ("sum",), Caller())
    assert error.value.code == grpc.StatusCode.INTERNAL


def test_warming_runs_every_allowed_size_and_only_in_its_block():
    graph = RowFunctions()
    batching = Batching(BatchingParameters(max_batch_size=8, allowed_batch_sizes=(1, 2, 8)), graph)
    inputs = inputs_of([([3], b""), ([4], b"")])
    with batching.warming_all_sizes():
        assert batching.run("one", inputs, ("sum",), Caller())["sum"].tolist() == [3, 4]
    batching.run("one", inputs, ("sum",), Caller())
    assert graph.sizes == [2, 8, 2]


def test_every_batch_is_told_with_its_rows_and_waits():
    told = []
    batching = Batching(BatchingParameters(), RowFunctions())
    batching.on_batch = lambda rows, waited: told.append((rows, [0 <= seconds < 30 for seconds in waited]))
    batching.run("one", inputs_of([([3], b""), ([4], b"")]), ("sum",), Caller())
    assert told == [(2, [True])]
