"""A saved graph whose lookups leave the tables that they look into as they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

_SAVED_MODEL_FILE = "saved_model.pb"


class _Nodes(Protocol):
    def __iter__(self) -> Iterator[NodeDef]: ...

    def add(self) -> NodeDef: ...


def read_tables_whole(folder: Path) -> int:
    """Replace every `ResourceGather` of a SavedModel by a read of the variable and a `GatherV2` of what was read.

    `ResourceGather` prepares a variable for updates of single rows: from then on each read of the whole variable copies
    it (`EnsureSparseVariableAccess` in TensorFlow's training_op_helpers.h). An index reads all of its vectors at every
    request. A servable updates nothing, and without `ResourceGather` a read costs nothing at all.

    Args:
        folder: The SavedModel; its file is written anew.

    Returns:
        Lookups that were replaced.
    """
    path = folder / _SAVED_MODEL_FILE
    model = SavedModel.FromString(path.read_bytes())
    replaced = 0
    for meta_graph in model.meta_graphs:
        graph = meta_graph.graph_def
        replaced += _replace(graph.node, in_function=False)
        replaced += sum(_replace(function.node_def, in_function=True) for function in graph.library.function)
    path.write_bytes(model.SerializeToString())
    return replaced


def _replace(nodes: _Nodes, in_function: bool) -> int:
    lookups = [node for node in nodes if node.op == "ResourceGather"]
    for node in lookups:
        table, rows, *control = node.input
        read, axis = nodes.add(), nodes.add()
        read.op, read.name, read.device = "ReadVariableOp", f"{node.name}/table", node.device
        read.input.extend([table, *control])
        read.attr["dtype"].CopyFrom(node.attr["dtype"])
        axis.op, axis.name, axis.device = "Const", f"{node.name}/axis", node.device
        axis.attr["dtype"].type = types_pb2.DT_INT32
        axis.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(0, tf.int32))
        node.op = "GatherV2"
        del node.input[:]
        # Inside functions outputs go by the names that the op definitions give them.
        ends = (":value:0", ":output:0") if in_function else ("", "")
        node.input.extend([f"{read.name}{ends[0]}", rows, f"{axis.name}{ends[1]}", *control])
        _as_gather(node)
    return len(lookups)


def _as_gather(node: NodeDef) -> None:
    """Give a node the attributes of a `GatherV2` in place of those of a `ResourceGather`."""
    lookup = NodeDef.FromString(node.SerializeToString())
    node.attr.clear()
    node.attr["Tparams"].CopyFrom(lookup.attr["dtype"])
    node.attr["Tindices"].CopyFrom(lookup.attr["Tindices"])
    node.attr["Taxis"].type = types_pb2.DT_INT32
    node.attr["batch_dims"].i = lookup.attr["batch_dims"].i
    if "_output_shapes" in lookup.attr:
        node.attr["_output_shapes"].CopyFrom(lookup.attr["_output_shapes"])
