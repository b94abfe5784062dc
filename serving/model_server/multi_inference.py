"""One MultiInference request against one model: several classifications and regressions in one run of the graph."""

from collections.abc import Callable
from typing import Any

import grpc
from tensorflow_serving.apis import inference_pb2

from serving.model_server import classify, regress
from serving.model_server.errors import RequestError, invalid_argument
from serving.model_server.examples import INPUTS, read_examples
from serving.model_server.loaded_model import LoadedModel
from serving.model_server.signature import DEFAULT_SIGNATURE, Signature, find_signature


def multi_inference(
    model: LoadedModel, request: Any, deadline: float | None = None, is_active: Callable[[], bool] | None = None
) -> Any:
    """Answer a MultiInferenceRequest; the model_spec of each result has the signature only.

    Args:
        model: The model to run, the one that the first task asks for.
        request: A MultiInferenceRequest.
        deadline: Value of `time.monotonic()` after which the answer is of no use; None means never.
        is_active: Whether the client still waits; None if that is not known.

    Raises:
        RequestError: INVALID_ARGUMENT for tasks of several models, a signature asked for twice, unknown or of another
            method, and no Examples. UNIMPLEMENTED for a method other than classify and regress.
    """
    _check_model_names(request.tasks)
    outputs: dict[str, list[str]] = {}
    for task in request.tasks:
        name = task.model_spec.signature_name or DEFAULT_SIGNATURE
        if name in outputs:
            raise invalid_argument(f"Duplicate evaluation of signature: {name}")
        outputs[name] = _choose_outputs(_find_signature(model, name), task.method_name)
    examples = read_examples(request.input)
    arrays = model.run_together(outputs, {INPUTS: examples}, deadline, is_active)
    response = inference_pb2.MultiInferenceResponse()
    for name in outputs:
        result = response.results.add()
        result.model_spec.signature_name = name
        if outputs[name] == [regress.OUTPUTS]:
            regress.write_regressions(arrays[name][regress.OUTPUTS], len(examples), result.regression_result)
        else:
            classify.write_classifications(arrays[name], len(examples), result.classification_result)
    return response


def _check_model_names(tasks: Any) -> None:
    for task in tasks:
        if not task.model_spec.name:
            raise invalid_argument("Found ModelSpec with an empty model name.")
        if task.model_spec.name != tasks[0].model_spec.name:
            raise invalid_argument("All ModelSpecs in a MultiInferenceRequest must access the same model name.")


def _find_signature(model: LoadedModel, name: str) -> Signature:
    signature = find_signature(model, name)
    if signature is None:
        raise invalid_argument(f"Requested signature not found in model graph: {name}")
    return signature


def _choose_outputs(signature: Signature, method_name: str) -> list[str]:
    if method_name == classify.METHOD_NAME:
        return classify.classification_outputs(signature)
    if method_name == regress.METHOD_NAME:
        regress.check_regression(signature)
        return [regress.OUTPUTS]
    message = f"Unsupported signature method_name: {method_name}"
    raise RequestError(grpc.StatusCode.UNIMPLEMENTED, message)
