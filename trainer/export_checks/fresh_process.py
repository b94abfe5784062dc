"""Run in a process of its own: a SavedModel is loaded and asked, with nothing imported but TensorFlow and TF-Text.

Arguments: the SavedModel, the recorded calls, and the JSON file to write.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from trainer.export_checks.agreement import Agreement
from trainer.export_checks.errors import ExportCheckError
from trainer.export_checks.graph_ops import check_ops
from trainer.export_checks.recorded_calls import read_calls
from trainer.export_checks.saved_graph import SavedGraph


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
    graph = SavedGraph(saved_model)
    found["load_seconds"] = time.perf_counter() - started
    unasked = graph.signatures - {call.signature for call in recorded}
    if unasked:
        raise ExportCheckError(f"{calls}: no call of the signature {', '.join(sorted(unasked))}")
    agreement = Agreement()
    for call in recorded:
        agreement.add(call.signature, call.outputs, graph.ask(call))
    agreement.check()
    return found | {"calls": len(recorded), "batches": sorted({call.batch for call in recorded})}


if __name__ == "__main__":
    main(*sys.argv[1:])
