"""Run in a process of its own: a SavedModel is loaded and asked, with nothing imported but TensorFlow and TF-Text.

Arguments: the SavedModel, the recorded calls, and the JSON file to write.
"""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_text  # noqa: F401  registers its ops

from trainer.export_checks.agreement import Agreement
from trainer.export_checks.errors import ExportCheckError
from trainer.export_checks.graph_ops import check_ops
from trainer.export_checks.recorded_calls import Arrays, RecordedCall, read_calls, unoptimized


def main(saved_model: str, calls: str, result: str) -> None:
    """Check and write what was found; a failed check is written as well."""
    found: dict[str, Any] = {}
    try:
        found |= check_saved_model(Path(saved_model), Path(calls))
    except ExportCheckError as error:
        found["failure"] = str(error)
    Path(result).write_text(json.dumps(found), encoding="utf-8")


def check_saved_model(saved_model: Path, calls: Path) -> dict[str, Any]:
    """Check ops, loading and answers of a model.

    Returns:
        `ops` and `calls`, numbers of them; `load_seconds`; and `batches`, the numbers of rows of the calls.

    Raises:
        ExportCheckError: A check failed.
    """
    found: dict[str, Any] = {"ops": check_ops(saved_model)}
    recorded = list(read_calls(calls))
    started = time.perf_counter()
    # The model is held: its signatures alone do not keep its variables.
    model = _load(saved_model)
    found["load_seconds"] = time.perf_counter() - started
    unasked = model.signatures.keys() - {call.signature for call in recorded}
    if unasked:
        raise ExportCheckError(f"{calls}: no call of the signature {', '.join(sorted(unasked))}")
    agreement = Agreement()
    with unoptimized():
        for call in recorded:
            agreement.add(call.signature, call.outputs, _ask(model.signatures, call))
    agreement.check()
    return found | {"calls": len(recorded), "batches": sorted({call.batch for call in recorded})}


def _load(saved_model: Path) -> Any:
    try:
        return tf.saved_model.load(str(saved_model))
    except (tf.errors.OpError, OSError, RuntimeError, ValueError, KeyError) as error:
        raise ExportCheckError(f"{saved_model}: cannot be loaded: {_reason(error)}") from error


def _ask(signatures: Mapping[str, Any], call: RecordedCall) -> Arrays:
    place = f"signature {call.signature}, batch {call.batch}"
    if call.signature not in signatures:
        raise ExportCheckError(f"{place}: the saved model has no such signature")
    function = signatures[call.signature]
    inputs = function.structured_input_signature[1]
    if inputs.keys() != call.inputs.keys():
        raise ExportCheckError(f"{place}: the inputs differ by {', '.join(sorted(inputs.keys() ^ call.inputs.keys()))}")
    try:
        outputs = function(**{name: tf.constant(values, inputs[name].dtype) for name, values in call.inputs.items()})
    except (tf.errors.OpError, ValueError, TypeError) as error:
        raise ExportCheckError(f"{place}: {_reason(error)}") from error
    return {name: values.numpy() for name, values in outputs.items()}


def _reason(error: Exception) -> str:
    return (str(getattr(error, "message", error)).strip() or type(error).__name__).splitlines()[0]


if __name__ == "__main__":
    main(*sys.argv[1:])
