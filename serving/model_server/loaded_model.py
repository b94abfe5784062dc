"""One SavedModel in memory, run as TensorFlow Serving runs it: in a session, without Python functions around it."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import grpc
import tensorflow as tf

# Not used by name: the import registers TF-Text's operations, which the graph contains.
import tensorflow_text  # noqa: F401

from serving.model_server.errors import RequestError, invalid_argument


class LoadedModel:
    """A SavedModel that is ready to answer.

    `tf.saved_model.load` would build a Python object for every function of the graph; a session needs none.

    Args:
        directory: A version directory.

    Raises:
        Exception: Whatever TensorFlow raises for a directory that it cannot load.
    """

    def __init__(self, directory: Path) -> None:
        """Load the graph, the variables and the assets, and initialise the tables."""
        options = tf.compat.v1.ConfigProto(allow_soft_placement=True)
        # The default would reserve the whole memory of a GPU, and two versions are loaded while they swap.
        options.gpu_options.allow_growth = True
        self._session = tf.compat.v1.Session(graph=tf.Graph(), config=options)
        meta_graph = tf.compat.v1.saved_model.load(self._session, [tf.saved_model.SERVING], str(directory))
        self.signatures: dict[str, Any] = dict(meta_graph.signature_def)
        self._session.graph.finalize()

    def signature(self, name: str) -> Any:
        """Return a signature's SignatureDef.

        Raises:
            RequestError: INVALID_ARGUMENT for a name that the model lacks.
        """
        if name not in self.signatures:
            known = ", ".join(sorted(known for known in self.signatures if not known.startswith("__")))
            raise invalid_argument(f"no signature {name!r} in the model; it has {known}")
        return self.signatures[name]

    def run(self, signature_name: str, inputs: Mapping[str, Any], output_names: Collection[str]) -> dict[str, Any]:
        """Evaluate outputs of a signature on arrays that fit its inputs.

        Returns:
            Output name -> array.

        Raises:
            RequestError: INVALID_ARGUMENT if the graph says that its input is invalid, INTERNAL for other failures.
        """
        signature = self.signature(signature_name)
        fetches = {name: signature.outputs[name].name for name in output_names}
        feeds = {signature.inputs[name].name: array for name, array in inputs.items()}
        try:
            outputs: dict[str, Any] = self._session.run(fetches, feed_dict=feeds)
        except tf.errors.InvalidArgumentError as error:
            raise invalid_argument(f"signature {signature_name}: {_reason(error)}") from error
        except tf.errors.OpError as error:
            message = f"signature {signature_name}: {_reason(error)}"
            raise RequestError(grpc.StatusCode.INTERNAL, message) from error
        return outputs


def _reason(error: tf.errors.OpError) -> str:
    """Return the first line of a graph error: the rest is the Python stack that built the graph."""
    lines = [line.strip() for line in str(error.message).splitlines() if line.strip()]
    informative = [line for line in lines if not line.startswith(("Graph execution error", "Detected at node"))]
    return (informative or lines or [type(error).__name__])[0]
