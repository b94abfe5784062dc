"""What a container of a compiled pipeline starts: one stage, with its files at hand.

`python -m tfx_pipeline.orchestrators.run_stage [--run_root=gs://bucket/shop --run_folder=/shoprank/run]`, and behind it
what TFX's own entry point takes. TFX's stages read and write a store by themselves. The stages of this project, and the
training code that TFX's Trainer calls, work on files of a disk: they get local copies of their inputs, and what they
write goes into the store when they have ended.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tfx_pipeline.environment import prepare_environment
from tfx_pipeline.orchestrators.local_copies import LocalCopies
from tfx_pipeline.orchestrators.run_folder import run_folder
from tfx_pipeline.remote_files import copy_file, is_remote, register_stores
from tfx_pipeline.runners import IN_PROCESS

_ON_DISK = ("tfx_pipeline.", "tfx.components.trainer.")
"""Modules of the executors that need files of a disk."""

RunExecutor = Callable[[argparse.Namespace, list[str]], None]


def run_stage(arguments: Sequence[str], run_executor: RunExecutor | None = None) -> None:
    """Run one stage.

    Args:
        arguments: The command line behind the name of the module.
        run_executor: Runs an executor, given what TFX's entry point takes and the options of Beam; by default TFX's.

    Raises:
        PipelineError: The store refuses.
    """
    ours, theirs = _parser().parse_known_args(arguments)
    call, beam_options = _call_parser().parse_known_args(theirs)
    if run_executor is None:
        from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor

        run_executor = kubeflow_v2_run_executor._run_executor
    stage = json.loads(call.json_serialized_invocation_args)
    needs_disk = call.executor_class_path.startswith(_ON_DISK)
    if not needs_disk or not (ours.run_root or _has_remote(stage)):
        run_executor(call, beam_options)
        return
    # Workers of another machine would write to a disk that is not this one.
    options = IN_PROCESS if any("runner" in option for option in beam_options) else beam_options
    files = run_folder(_texts(stage), Path(ours.run_folder), ours.run_root) if ours.run_root else nullcontext()
    with tempfile.TemporaryDirectory(prefix="stage-") as folder, files:
        result = _with_local_copies(stage, call, options, Path(folder), run_executor)
    text = json.dumps(result)
    if ours.run_root:
        text = text.replace(ours.run_folder, ours.run_root)
    _write(text, _output_file(stage))


def _with_local_copies(
    stage: dict[str, Any], call: argparse.Namespace, options: list[str], folder: Path, run_executor: RunExecutor
) -> dict[str, Any]:
    """Run the executor on copies.

    Returns:
        The `ExecutorOutput` as JSON, with the addresses of the store.
    """
    copies, output_file = LocalCopies(folder), folder / "stage" / "executor_output.json"
    local = json.loads(json.dumps(stage))
    copies.fetch(local.get("inputs", {}).get("artifacts", {}))
    copies.redirect(local["outputs"].get("artifacts", {}))
    local["outputs"]["outputFile"] = str(output_file)
    call.json_serialized_invocation_args = json.dumps(local)
    run_executor(call, options)
    result = dict(json.loads(output_file.read_text(encoding="utf-8")))
    copies.store(result.get("artifacts", {}))
    return result


def _has_remote(stage: dict[str, Any]) -> bool:
    """Whether a file or an artifact is in a store; Kubeflow wants the output file on the container's disk."""
    listed = [*stage["inputs"].get("artifacts", {}).values(), *stage["outputs"].get("artifacts", {}).values()]
    addresses = [artifact["uri"] for entry in listed for artifact in entry.get("artifacts", ())]
    return any(map(is_remote, [_output_file(stage), *addresses]))


def _output_file(stage: dict[str, Any]) -> str:
    return str(stage["outputs"]["outputFile"])


def _texts(stage: dict[str, Any]) -> list[str]:
    """The properties of a stage that are text."""
    return [value for value in stage["inputs"].get("parameterValues", {}).values() if isinstance(value, str)]


def _write(text: str, address: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "executor_output.json"
        path.write_text(text, encoding="utf-8")
        copy_file(str(path), address)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    parser.add_argument("--run_root", default="")
    parser.add_argument("--run_folder", default="")
    return parser


def _call_parser() -> argparse.ArgumentParser:
    """What TFX's entry point takes; the rest is for Beam."""
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    parser.add_argument("--executor_class_path", required=True)
    parser.add_argument("--json_serialized_invocation_args", required=True)
    parser.add_argument("--json_serialized_inputs_spec_args")
    return parser


def main() -> None:
    """Run the stage of the command line and end the process."""
    prepare_environment()
    register_stores()
    run_stage(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # When Python takes TensorFlow apart at exit, tensorflow-io ends the process as if the stage had failed.
    os._exit(0)


if __name__ == "__main__":
    main()
