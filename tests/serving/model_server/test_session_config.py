"""A graph runs in the request's thread unless it cannot or is told not to."""

import pytest

from serving.model_server.options import ServerOptions


def write_saved_model(directory, *operations, in_function=False):
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    graph = model.meta_graphs.add().graph_def
    nodes = graph.library.function.add().node_def if in_function else graph.node
    for operation in operations:
        nodes.add(op=operation)
    (directory / "saved_model.pb").write_bytes(model.SerializeToString())
    return directory


@pytest.mark.parametrize("in_function", [False, True])
@pytest.mark.parametrize(("operation", "possible"), [("While", True), ("Switch", False), ("VariableV2", False)])
def test_graphs_of_tensorflow_1_need_the_usual_executor(tmp_path, operation, possible, in_function):
    from serving.model_server.session_config import can_run_in_one_thread

    directory = write_saved_model(tmp_path, "MatMul", operation, in_function=in_function)
    assert can_run_in_one_thread(directory, ServerOptions()) is possible


def test_other_forms_of_a_saved_model_need_the_usual_executor(tmp_path):
    from serving.model_server.session_config import can_run_in_one_thread

    assert not can_run_in_one_thread(tmp_path, ServerOptions())


def test_numbers_of_threads_are_those_told(tmp_path):
    from serving.model_server.session_config import can_run_in_one_thread, session_config

    options = ServerOptions(tensorflow_inter_op_parallelism=3, tensorflow_intra_op_parallelism=2)
    assert not can_run_in_one_thread(write_saved_model(tmp_path), options)
    config = session_config(options, in_one_thread=False)
    assert (config.inter_op_parallelism_threads, config.intra_op_parallelism_threads) == (3, 2)
    assert config.experimental.executor_type == ""
    assert session_config(options, in_one_thread=True).experimental.executor_type == "SINGLE_THREADED_EXECUTOR"
