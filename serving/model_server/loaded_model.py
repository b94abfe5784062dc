"""One SavedModel in memory, run as TensorFlow Serving runs it: in a session, without Python functions around it."""

import gc
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import tensorflow as tf

# Not used by name: the import registers TF-Text's operations, which the graph contains.
import tensorflow_text  # noqa: F401

from serving.model_server.batching.batching import Batching
from serving.model_server.batching.parameters import read_batching_parameters
from serving.model_server.batching.request import Caller
from serving.model_server.errors import RequestError, invalid_argument
from serving.model_server.feeds import check_feeds, read_feeds
from serving.model_server.free_memory import return_free_memory
from serving.model_server.options import ServerOptions
from serving.model_server.prepared_calls import PreparedCalls
from serving.model_server.session_config import can_run_in_one_thread, session_config


class LoadedModel:
    """A SavedModel that is ready to answer.

    `tf.saved_model.load` would build a Python object for every function of the graph; a session needs none.

    Args:
        directory: A version directory.
        options: Thread numbers and batching are read from here.

    Raises:
        Exception: Whatever TensorFlow raises for a directory that it cannot load.
    """

    def __init__(self, directory: Path, options: ServerOptions) -> None:
        """Load the graph, the variables and the assets, and initialise the tables."""
        in_one_thread = can_run_in_one_thread(directory, options)
        session = tf.compat.v1.Session(graph=tf.Graph(), config=session_config(options, in_one_thread))
        meta_graph = tf.compat.v1.saved_model.load(session, [tf.saved_model.SERVING], str(directory))
        self.signatures: dict[str, Any] = dict(meta_graph.signature_def)
        session.graph.finalize()
        self._feeds = {name: read_feeds(signature) for name, signature in self.signatures.items()}
        self._session: tf.compat.v1.Session | None = session
        self._calls = PreparedCalls(session, self.signatures, in_one_thread)
        self.batching: Batching | None = None
        if options.enable_batching:
            self.batching = Batching(read_batching_parameters(options.batching_parameters_file), self._run_graph)

    def signature(self, name: str) -> Any:
        """Return a signature's SignatureDef.

        Raises:
            RequestError: INVALID_ARGUMENT for a name that the model lacks.
        """
        if name not in self.signatures:
            known = ", ".join(sorted(known for known in self.signatures if not known.startswith("__")))
            raise invalid_argument(f'Serving signature key "{name}" not found. The model has {known}')
        return self.signatures[name]

    def run(
        self,
        signature_name: str,
        inputs: Mapping[str, Any],
        output_names: Collection[str],
        deadline: float | None = None,
        is_active: Callable[[], bool] | None = None,
    ) -> dict[str, Any]:
        """Evaluate outputs of a signature on arrays that fit its inputs; with batching, together with other callers'.

        Args:
            signature_name: A signature of the model.
            inputs: Input name -> array, one for every input of the signature.
            output_names: Outputs of the signature.
            deadline: Value of `time.monotonic()` after which nobody waits for the answer; None means never.
            is_active: Whether somebody still waits, such as `grpc.ServicerContext.is_active`.

        Returns:
            Output name -> array.

        Raises:
            RequestError: INVALID_ARGUMENT for an unknown signature or inputs that do not fit it; DEADLINE_EXCEEDED or
                CANCELLED if nobody waits any longer; the code of the graph's own error; with batching also what
                `Batching.run` raises.
        """
        self.signature(signature_name)
        arrays = check_feeds(self._feeds[signature_name], inputs)
        caller = Caller(deadline, is_active)
        caller.check()
        if self.batching is not None:
            return self.batching.run(signature_name, arrays, tuple(output_names), caller)
        return self._run_graph(signature_name, arrays, tuple(output_names))

    def run_together(
        self,
        outputs: Mapping[str, Collection[str]],
        inputs: Mapping[str, Any],
        deadline: float | None = None,
        is_active: Callable[[], bool] | None = None,
    ) -> dict[str, dict[str, Any]]:
        """Evaluate several signatures on the same inputs in one run of the graph, which is not batched; see `run`.

        Args:
            outputs: Signature -> names of its outputs.
            inputs: Input name -> array; every signature takes all of them.
            deadline: See `run`.
            is_active: See `run`.

        Returns:
            Signature -> output name -> array.
        """
        signatures = {name: self.signature(name) for name in outputs}
        fetches = {name: {key: signatures[name].outputs[key].name for key in outputs[name]} for name in outputs}
        feeds = {
            signatures[name].inputs[key].name: array
            for name in outputs
            for key, array in check_feeds(self._feeds[name], inputs).items()
        }
        Caller(deadline, is_active).check()
        with self._open(", ".join(outputs)) as session:
            values: dict[str, dict[str, Any]] = session.run(fetches, feed_dict=feeds)
        return values

    def close(self) -> None:
        """Free the session; call it when no request is under way. Requests after that end with UNAVAILABLE."""
        self._calls.close()
        self._session = None
        # The Python graph holds reference cycles: without this the memory stays for long.
        gc.collect()
        return_free_memory()

    def _run_graph(self, signature_name: str, inputs: dict[str, Any], output_names: tuple[str, ...]) -> dict[str, Any]:
        with self._open(signature_name):
            return self._calls.run(signature_name, inputs, output_names)

    @contextmanager
    def _open(self, signature_names: str) -> Iterator[tf.compat.v1.Session]:
        """Give the session to a block that runs signatures, and turn their errors into a RequestError."""
        session = self._session
        if session is None:
            raise RequestError(grpc.StatusCode.UNAVAILABLE, "this version of the model is unloaded")
        try:
            yield session
        except tf.errors.OpError as error:
            raise RequestError(_status_code(error), f"signature {signature_names}: {_reason(error)}") from error
        # The message repeats bytes of the request that are no UTF-8.
        except UnicodeDecodeError as error:
            reason = error.object.decode("utf-8", "replace")
            raise invalid_argument(f"signature {signature_names}: {_first_line(reason)}") from error


def _status_code(error: tf.errors.OpError) -> grpc.StatusCode:
    """Return the gRPC code of a graph's error: TensorFlow's numbers are gRPC's."""
    return next((code for code in grpc.StatusCode if code.value[0] == error.error_code), grpc.StatusCode.INTERNAL)


def _reason(error: tf.errors.OpError) -> str:
    """Return the first line of a graph error: the rest is the Python stack that built the graph."""
    return _first_line(str(error.message)) or type(error).__name__


def _first_line(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    informative = [line for line in lines if not line.startswith(("Graph execution error", "Detected at node"))]
    return next(iter(informative or lines), "")
