"""Calls of a graph that are prepared once and then run without a dictionary, a name or a look-up in between."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

Call = Callable[..., list[Any]]
_IN_CALLERS_THREAD = -1
"""TensorFlow's `RunOptions.inter_op_thread_pool` for no pool at all."""


class PreparedCalls:
    """The prepared calls of one session: one for each signature, with all of its outputs.

    `Session.run` looks up every feed and fetch and compares every shape in Python; a prepared call has done so before.
    To prepare one means to optimise the graph, which takes seconds for a large one and keeps a copy of its constants.
    So a request for some of the outputs gets them out of the call for all: a client who asks for ever new choices
    neither waits for that nor fills the memory.

    Args:
        session: Session with the graph.
        signatures: Signature name -> SignatureDef.
        in_callers_thread: Whether the operations run in the thread that calls, and not in the session's pool.
    """

    def __init__(self, session: tf.compat.v1.Session, signatures: dict[str, Any], in_callers_thread: bool) -> None:
        """Prepare nothing yet: most signatures of a model are never asked for."""
        self._session = session
        self._signatures = signatures
        self._in_callers_thread = in_callers_thread
        self._inputs = {name: sorted(signature.inputs) for name, signature in signatures.items()}
        self._outputs = {name: sorted(signature.outputs) for name, signature in signatures.items()}
        self._calls: dict[str, Call] = {}
        self._preparing = threading.Lock()

    def run(self, signature_name: str, inputs: dict[str, Any], output_names: Sequence[str]) -> dict[str, Any]:
        """Evaluate outputs of a signature; returns output name -> array.

        Raises:
            tf.errors.OpError: Whatever the graph raises.
        """
        call = self._calls.get(signature_name) or self._prepare(signature_name)
        values = call(*[inputs[name] for name in self._inputs[signature_name]])
        outputs = dict(zip(self._outputs[signature_name], values, strict=True))
        return {name: outputs[name] for name in output_names}

    def close(self) -> None:
        """Free every call and the session; nothing can be run after that."""
        # A call that outlives its session cannot be freed.
        self._calls = {}
        self._session.close()
        # A closed session keeps its memory until it is forgotten.
        del self._session

    def _prepare(self, signature_name: str) -> Call:
        with self._preparing:
            if signature_name not in self._calls:
                self._calls[signature_name] = self._make(signature_name)
            return self._calls[signature_name]

    def _make(self, signature_name: str) -> Call:
        signature = self._signatures[signature_name]
        options = config_pb2.CallableOptions(
            feed=[signature.inputs[name].name for name in self._inputs[signature_name]],
            fetch=[signature.outputs[name].name for name in self._outputs[signature_name]],
        )
        if self._in_callers_thread:
            options.run_options.inter_op_thread_pool = _IN_CALLERS_THREAD
        # `Session.make_callable` with feeds is `Session.run` in disguise; Keras uses this for its own functions.
        call: Call = self._session._make_callable_from_options(options)
        return call
