"""The calls of the REST API: a JSON body in, a JSON body out, everything between through `Answering`."""

import inspect
import json
from collections.abc import Mapping
from typing import Any, Protocol

from google.protobuf import json_format
from tensorflow_serving.apis import classification_pb2, get_model_metadata_pb2, predict_pb2, regression_pb2

from serving.model_server.answering import Answering, Waiting
from serving.model_server.errors import invalid_argument
from serving.model_server.loaded_model import LoadedModel
from serving.model_server.metadata import SIGNATURE_DEF
from serving.model_server.rest.example_json import read_example_body, write_classifications, write_regressions
from serving.model_server.rest.json_value import parse_object, read_signature_name
from serving.model_server.rest.path import STATUS, Call
from serving.model_server.rest.predict_json import Form, read_predict_body, write_predict_body
from serving.model_server.signature import DEFAULT_SIGNATURE, find_signature
from serving.model_server.version_status import Status

# Protocol buffers renamed the option in release 5.
_WITH_DEFAULTS = {
    option: True
    for option in ("always_print_fields_with_no_presence", "including_default_value_fields")
    if option in inspect.signature(json_format.MessageToDict).parameters
}


class StatusSource(Protocol):
    """Where the states of the versions are found."""

    def statuses(self, model_spec: Any) -> Mapping[int, Status]:
        """Return version -> status of the versions that a ModelSpec asks for; raises RequestError."""


class Calls:
    """Answers calls, one at a time per thread.

    Args:
        answering: Where the requests go.
        models: Where the states of the versions are found.
    """

    def __init__(self, answering: Answering, models: StatusSource) -> None:
        """Keep where to go."""
        self._answering = answering
        self._models = models

    def answer(self, call: Call, body: bytes, deadline: float) -> bytes:
        """Return the JSON of the answer.

        Args:
            call: What is asked for.
            body: JSON of the request; empty for status and metadata.
            deadline: Value of `time.monotonic()` after which nobody waits any longer.

        Raises:
            RequestError: Whatever went wrong, with TensorFlow Serving's code.
        """
        if call.action == STATUS:
            return self._status(call.model_spec)
        return getattr(self, f"_{call.action}")(call.model_spec, body, Waiting("rest", deadline))

    def _predict(self, spec: Any, body: bytes, waiting: Waiting) -> bytes:
        forms: list[Form] = []

        def build(model: LoadedModel) -> Any:
            content = parse_object(body)
            request = predict_pb2.PredictRequest(model_spec=spec)
            name = request.model_spec.signature_name = read_signature_name(content)
            signature = find_signature(model, name)
            if signature is None:
                raise invalid_argument(
                    f'Serving signature name: "{name or DEFAULT_SIGNATURE}" not found in signature def'
                )
            forms.append(read_predict_body(content, signature, request.inputs))
            return request

        response = self._answering.answer_built("Predict", spec, build, waiting)
        return write_predict_body(response.outputs, forms[0])

    def _classify(self, spec: Any, body: bytes, waiting: Waiting) -> bytes:
        request = classification_pb2.ClassificationRequest(model_spec=spec)
        response = self._answer_examples("Classify", request, body, waiting)
        return write_classifications(response.result)

    def _regress(self, spec: Any, body: bytes, waiting: Waiting) -> bytes:
        request = regression_pb2.RegressionRequest(model_spec=spec)
        response = self._answer_examples("Regress", request, body, waiting)
        return write_regressions(response.result)

    def _answer_examples(self, method: str, request: Any, body: bytes, waiting: Waiting) -> Any:
        def build(_: LoadedModel) -> Any:
            content = parse_object(body)
            request.model_spec.signature_name = read_signature_name(content)
            read_example_body(content, request.input)
            return request

        return self._answering.answer_built(method, request.model_spec, build, waiting)

    def _metadata(self, spec: Any, body: bytes, waiting: Waiting) -> bytes:
        request = get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec, metadata_field=[SIGNATURE_DEF])
        response = self._answering.answer("GetModelMetadata", request, waiting)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        response.metadata[SIGNATURE_DEF].Unpack(signatures)
        content = {
            "model_spec": _to_dict(response.model_spec),
            "metadata": {SIGNATURE_DEF: _to_dict(signatures)},
        }
        return json.dumps(content).encode()

    def _status(self, spec: Any) -> bytes:
        versions = [
            {
                "version": str(version),
                "state": status.state.name,
                "status": {"error_code": "UNKNOWN" if status.error else "OK", "error_message": status.error},
            }
            for version, status in sorted(self._models.statuses(spec).items(), reverse=True)
        ]
        return json.dumps({"model_version_status": versions}).encode()


def _to_dict(message: Any) -> dict[str, Any]:
    content: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True, **_WITH_DEFAULTS)
    return content
