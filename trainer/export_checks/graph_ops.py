"""The ops of a SavedModel against those that TensorFlow Serving has."""

from pathlib import Path

from trainer.export_checks.errors import ExportCheckError
from trainer.export_checks.supported_ops import supported_ops


def graph_ops(saved_model: Path) -> set[str]:
    """Names of the ops of a SavedModel, those in the bodies of its functions among them.

    Raises:
        ExportCheckError: It has no readable graph.
    """
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    path = saved_model / "saved_model.pb"
    try:
        graphs = saved_model_pb2.SavedModel.FromString(path.read_bytes()).meta_graphs
    except (OSError, DecodeError) as error:
        raise ExportCheckError(f"{path}: cannot be read: {error}") from error
    names: set[str] = set()
    for graph in graphs:
        library = graph.graph_def.library.function
        nodes = [*graph.graph_def.node, *(node for function in library for node in function.node_def)]
        # A call of a function is written as an op of its name.
        names |= {node.op for node in nodes} - {function.signature.name for function in library}
    return names


def check_ops(saved_model: Path) -> int:
    """Check that TensorFlow Serving has every op of a model.

    Returns:
        How many there are.

    Raises:
        ExportCheckError: It has not; the message names the ops.
    """
    names = graph_ops(saved_model)
    missing = sorted(names - supported_ops())
    if missing:
        raise ExportCheckError(f"{saved_model}: TensorFlow Serving has no op {', '.join(missing)}")
    return len(names)
