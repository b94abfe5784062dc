"""How TensorFlow runs a graph: its threads and its executor."""

from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import rewriter_config_pb2, saved_model_pb2

from serving.model_server.options import ServerOptions

_SAVED_MODEL = "saved_model.pb"
_OLD_OPERATIONS = frozenset({"Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Variable", "VariableV2"})
"""Control flow and variables of TensorFlow 1, which the single-threaded executor does not run."""
_LEFT_OUT = (
    "constant_folding",
    "debug_stripper",
    "implementation_selector",
    "layout_optimizer",
    "loop_optimization",
    "scoped_allocator_optimization",
    "shape_optimization",
)
"""Rewriters of TensorFlow that made no request faster; with all of them the first answers took three times as long."""


def session_config(options: ServerOptions, in_one_thread: bool) -> tf.compat.v1.ConfigProto:
    """Return the configuration of a model's session.

    Args:
        options: Thread numbers.
        in_one_thread: Whether the operations of one run come one after the other.
    """
    config = tf.compat.v1.ConfigProto(
        allow_soft_placement=True,
        intra_op_parallelism_threads=options.tensorflow_intra_op_parallelism,
        inter_op_parallelism_threads=options.tensorflow_inter_op_parallelism,
    )
    # The default would reserve the whole memory of a GPU, and two versions are loaded while they swap.
    config.gpu_options.allow_growth = True
    if in_one_thread:
        config.experimental.executor_type = "SINGLE_THREADED_EXECUTOR"
    _rewrite_little(config.graph_options.rewrite_options)
    return config


def _rewrite_little(rewriting: rewriter_config_pb2.RewriterConfig) -> None:
    """Leave out the rewriting of the graph that gains nothing: each pass copies all functions of the model.

    It comes before the first answer of each signature. Functions are still inlined and operations still fused.
    """
    rewriting.disable_tfg_optimizer = True
    rewriting.meta_optimizer_iterations = rewriter_config_pb2.RewriterConfig.ONE
    rewriting.memory_optimization = rewriter_config_pb2.RewriterConfig.NO_MEM_OPT
    for rewriter in _LEFT_OUT:
        setattr(rewriting, rewriter, rewriter_config_pb2.RewriterConfig.OFF)


def can_run_in_one_thread(directory: Path, options: ServerOptions) -> bool:
    """Whether the operations of one run may come one after the other, in the thread of the request.

    A server has a thread for every request: to hand single operations to other threads costs more than it gains. It is
    not possible for a graph with parts of TensorFlow 1 or on several devices, and not wished for where a number of
    threads is given.
    """
    if options.tensorflow_inter_op_parallelism > 1 or tf.config.list_physical_devices("GPU"):
        return False
    return not _has_old_operations(directory / _SAVED_MODEL)


def _has_old_operations(path: Path) -> bool:
    if not path.is_file():
        # Another form of a SavedModel; we do not look into it.
        return True
    graphs = [meta.graph_def for meta in saved_model_pb2.SavedModel.FromString(path.read_bytes()).meta_graphs]
    nodes = [node for graph in graphs for node in graph.node]
    nodes += [node for graph in graphs for function in graph.library.function for node in function.node_def]
    return any(node.op in _OLD_OPERATIONS for node in nodes)
