"""The verb `shoprank evaluate`."""

import tempfile
from pathlib import Path

from rich.console import Console

from tfx_pipeline.evaluate.document import write_document
from tfx_pipeline.evaluate.evaluate import evaluate
from tfx_pipeline.evaluate.model_progress import ModelProgress
from tfx_pipeline.evaluate.printing import print_result
from tfx_pipeline.evaluate.request import EvaluateRequest
from tfx_pipeline.evaluate.written_lists import write_lists
from tfx_pipeline.run_log import log_to


def evaluate_verb(request: EvaluateRequest, console: Console | None = None) -> None:
    """Evaluate, write what is asked for, and print the figures; raises what `evaluate` raises."""
    console = console or Console()
    # What TensorFlow and Beam say on their way is of no use to whoever waits for figures.
    with tempfile.TemporaryDirectory() as scratch, log_to(Path(scratch) / "evaluate.log") as terminal:
        result = evaluate(request, ModelProgress(terminal))
    written = write_lists(result, request.files)
    if request.files.json is not None:
        write_document(result, request.files.json)
        written.append(request.files.json)
    print_result(result, console)
    for path in written:
        console.print(f"written: {path}", highlight=False, markup=False)
