"""Calls are prepared once, and clients with ever new wishes do not make them grow."""

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import numpy as np
import pytest


@pytest.fixture(scope="module")
def graph():
    """A session and its signature: outputs a, b, c, d are x times 1, 2, 3, 4."""
    import tensorflow as tf
    from tensorflow.core.protobuf import meta_graph_pb2

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None], "x")
        signature = meta_graph_pb2.SignatureDef()
        signature.inputs["x"].name = x.name
        for factor, name in enumerate("abcd", start=1):
            signature.outputs[name].name = tf.multiply(x, factor, name).name
    with tf.compat.v1.Session(graph=graph) as session:
        yield session, {"multiply": signature}


@pytest.fixture
def prepare(graph, monkeypatch):
    """A function that makes the calls, and the options of each preparation."""
    from serving.model_server.prepared_calls import PreparedCalls

    session, signatures = graph
    make, made = session._make_callable_from_options, []
    monkeypatch.setattr(
        session, "_make_callable_from_options", lambda options: (made.append(options), make(options))[1]
    )
    return lambda in_callers_thread=True: PreparedCalls(session, signatures, in_callers_thread), made


def expected(names, x):
    return {name: [("abcd".index(name) + 1) * value for value in x] for name in names}


def run(calls, names, x=(1.0, 2.0)):
    outputs = calls.run("multiply", {"x": np.array(x, np.float32)}, names)
    return {name: array.tolist() for name, array in outputs.items()}


@pytest.mark.parametrize("in_callers_thread", [True, False])
def test_any_choice_of_outputs_comes_from_one_preparation(prepare, in_callers_thread):
    make, made = prepare
    calls = make(in_callers_thread)
    for names in [names for size in (1, 2, 3, 4) for names in combinations("dcba", size)]:
        assert run(calls, names) == expected(names, (1, 2))
    assert [list(options.fetch) for options in made] == [["a:0", "b:0", "c:0", "d:0"]]
    assert made[0].run_options.inter_op_thread_pool == (-1 if in_callers_thread else 0)


def test_threads_that_come_at_once_share_one_preparation(prepare):
    make, made = prepare
    calls = make()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: run(calls, ["c"], (number,)), range(40)))
    assert answers == [{"c": [3 * number]} for number in range(40)]
    assert len(made) == 1


def test_the_session_is_closed_with_its_calls(graph):
    import tensorflow as tf

    from serving.model_server.prepared_calls import PreparedCalls

    session = tf.compat.v1.Session(graph=graph[0].graph)
    calls = PreparedCalls(session, graph[1], True)
    assert run(calls, ["a"]) == expected("a", (1, 2))
    calls.close()
    with pytest.raises(RuntimeError, match="closed Session"):
        session.run("a:0", {"x:0": [1.0]})
