"""A SavedModel as TensorFlow Serving holds it: a graph in a session."""

from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_text  # noqa: F401  registers its ops
from tensorflow.core.protobuf import rewriter_config_pb2

from trainer.export_checks.errors import ExportCheckError
from trainer.export_checks.recorded_calls import Arrays, RecordedCall


class SavedGraph:
    """A SavedModel that can be asked.

    Args:
        folder: The SavedModel.

    Raises:
        ExportCheckError: It cannot be loaded.
    """

    def __init__(self, folder: Path) -> None:
        """Load the graph, the variables and the assets."""
        self._session = tf.compat.v1.Session(graph=tf.Graph(), config=_rewriting_little())
        try:
            meta_graph = tf.compat.v1.saved_model.load(self._session, [tf.saved_model.SERVING], str(folder))
        except (tf.errors.OpError, OSError, RuntimeError, ValueError, KeyError) as error:
            raise ExportCheckError(f"{folder}: cannot be loaded: {_reason(error)}") from error
        named = meta_graph.signature_def.items()
        # Two underscores mark what the loader itself runs.
        self._signatures = {name: signature for name, signature in named if not name.startswith("__")}

    @property
    def signatures(self) -> frozenset[str]:
        """Names of the signatures."""
        return frozenset(self._signatures)

    def ask(self, call: RecordedCall) -> Arrays:
        """Repeat a call.

        Raises:
            ExportCheckError: There is no such signature, its inputs are others, or it fails.
        """
        place = f"signature {call.signature}, batch {call.batch}"
        if call.signature not in self._signatures:
            raise ExportCheckError(f"{place}: the saved model has no such signature")
        signature = self._signatures[call.signature]
        differing = signature.inputs.keys() ^ call.inputs.keys()
        if differing:
            raise ExportCheckError(f"{place}: the inputs differ by {', '.join(sorted(differing))}")
        fetches = {name: tensor.name for name, tensor in signature.outputs.items()}
        feeds = {signature.inputs[name].name: values for name, values in call.inputs.items()}
        try:
            answers: Arrays = self._session.run(fetches, feeds)
        except (tf.errors.OpError, ValueError, TypeError) as error:
            raise ExportCheckError(f"{place}: {_reason(error)}") from error
        return answers


def _rewriting_little() -> Any:
    """To rewrite the graph of a signature takes seconds; to ask it a few times takes milliseconds."""
    config = tf.compat.v1.ConfigProto(allow_soft_placement=True)
    rewriting = config.graph_options.rewrite_options
    rewriting.disable_tfg_optimizer = True
    rewriting.meta_optimizer_iterations = rewriter_config_pb2.RewriterConfig.ONE
    rewriting.constant_folding = rewriter_config_pb2.RewriterConfig.OFF
    return config


def _reason(error: Exception) -> str:
    return (str(getattr(error, "message", error)).strip() or type(error).__name__).splitlines()[0]
