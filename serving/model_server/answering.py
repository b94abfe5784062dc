"""The one way of every request, gRPC or REST: find the model, run the method, turn errors into statuses, report."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import grpc
from tensorflow_serving.apis import model_pb2

from serving.model_server.classify import classify
from serving.model_server.errors import RequestError, invalid_argument
from serving.model_server.loaded_model import LoadedModel
from serving.model_server.metadata import metadata
from serving.model_server.multi_inference import multi_inference
from serving.model_server.predict import predict
from serving.model_server.regress import regress
from serving.model_server.signature import DEFAULT_SIGNATURE

_LOG = logging.getLogger(__name__)
_METHODS: dict[str, Callable[..., Any]] = {
    "Predict": predict,
    "Classify": classify,
    "Regress": regress,
    "MultiInference": multi_inference,
    "GetModelMetadata": metadata,
}


class HeldModel(Protocol):
    """A version in service; it stays loaded as long as it is held."""

    name: str
    version: int
    model: LoadedModel


class ModelFinder(Protocol):
    """Where the versions in service are found."""

    def find(self, model_spec: Any) -> AbstractContextManager[HeldModel]:
        """Return the version that a ModelSpec asks for, held until the block ends; raises RequestError."""


@dataclass(frozen=True)
class FinishedRequest:
    """What is known of a request once it is answered.

    Attributes:
        method: Name of the gRPC method, such as "Predict", also for REST.
        entrypoint: "grpc" or "rest".
        model: Name asked for; "" if there was none.
        version: Version that answered, None if none was found.
        signature: Signature asked for; the default one's name if there was none.
        code: How it ended.
        seconds: Time from the message's arrival to the answer.
        request: The request message; None if no model was found, or if a REST request could not be made into one.
        response: The answer, None after an error.
    """

    method: str
    entrypoint: str
    model: str
    version: int | None
    signature: str
    code: grpc.StatusCode
    seconds: float
    request: Any
    response: Any


@dataclass(frozen=True)
class Waiting:
    """Who waits for an answer.

    Attributes:
        entrypoint: "grpc" or "rest".
        deadline: Value of `time.monotonic()` after which nobody waits any longer; None means never.
        is_active: Whether the client is still there; None if that is not known.
    """

    entrypoint: str = "grpc"
    deadline: float | None = None
    is_active: Callable[[], bool] | None = None


@dataclass
class _Progress:
    """What is known of a request so far."""

    version: int | None = None
    request: Any = None
    response: Any = None
    code: grpc.StatusCode = grpc.StatusCode.INTERNAL


class Answering:
    """Answers requests from the models in service.

    Args:
        models: Where the versions in service are found.
        on_finished: Called after every request; what it raises is logged and changes no answer.
    """

    def __init__(self, models: ModelFinder, on_finished: Callable[[FinishedRequest], None] = lambda _: None) -> None:
        """Keep the models and the listener."""
        self._models = models
        self._on_finished = on_finished

    def answer(self, method: str, request: Any, waiting: Waiting = Waiting()) -> Any:
        """Answer one request.

        Args:
            method: "Predict", "Classify", "Regress", "MultiInference" or "GetModelMetadata".
            request: The method's request message.
            waiting: Who waits for the answer.

        Returns:
            The method's response message, with the model's name and version in its model_spec.

        Raises:
            RequestError: Whatever went wrong, with TensorFlow Serving's code.
        """
        return self.answer_built(method, _read_model_spec(request), lambda _: request, waiting)

    def answer_built(
        self, method: str, model_spec: Any, build: Callable[[LoadedModel], Any], waiting: Waiting = Waiting()
    ) -> Any:
        """Answer one request whose message can be built only with the model at hand; otherwise as `answer`.

        Args:
            method: As for `answer`.
            model_spec: The ModelSpec that asks for the model; None for a request that lacks it.
            build: Returns the request message; what it raises is treated as an error of the request.
            waiting: Who waits for the answer.
        """
        start = time.perf_counter()
        progress = _Progress()
        try:
            self._answer(method, model_spec, build, waiting, progress)
        except RequestError as error:
            progress.code = error.code
            raise
        # A client must get a status for whatever goes wrong here; the trace goes to the log.
        except Exception as error:
            _LOG.exception("a request failed")
            raise RequestError(progress.code, f"{type(error).__name__}: {error}") from error
        finally:
            self._report(method, model_spec, waiting, progress, time.perf_counter() - start)
        return progress.response

    def _answer(
        self,
        method: str,
        model_spec: Any,
        build: Callable[[LoadedModel], Any],
        waiting: Waiting,
        progress: _Progress,
    ) -> None:
        if model_spec is None:
            raise invalid_argument("Missing ModelSpec")
        with self._models.find(model_spec) as held:
            progress.version = held.version
            progress.request = request = build(held.model)
            response = _METHODS[method](held.model, request, waiting.deadline, waiting.is_active)
            for part in response.results if method == "MultiInference" else [response]:
                part.model_spec.name = held.name
                part.model_spec.version.value = held.version
        progress.response, progress.code = response, grpc.StatusCode.OK

    def _report(self, method: str, model_spec: Any, waiting: Waiting, progress: _Progress, seconds: float) -> None:
        name = "" if model_spec is None else model_spec.name
        spec = model_spec if progress.request is None else _read_model_spec(progress.request)
        signature = (spec.signature_name if spec is not None else "") or DEFAULT_SIGNATURE
        finished = FinishedRequest(
            method=method,
            entrypoint=waiting.entrypoint,
            model=name,
            version=progress.version,
            signature=signature,
            code=progress.code,
            seconds=seconds,
            request=progress.request,
            response=progress.response,
        )
        try:
            self._on_finished(finished)
        # Metrics and logs must not take an answer away.
        except Exception:
            _LOG.exception("a finished request could not be reported")


def _read_model_spec(request: Any) -> Any:
    """Return a request's ModelSpec, None if it lacks one; a MultiInferenceRequest's is its first task's."""
    if hasattr(request, "tasks"):
        return request.tasks[0].model_spec if request.tasks else model_pb2.ModelSpec()
    return request.model_spec if request.HasField("model_spec") else None
