"""TFX component: stops the run when an example saw its own future or its own basket."""

import json
from dataclasses import replace
from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils, standard_artifacts

from tfx_pipeline.components.artifacts import LeakageAudit, ShopTables
from tfx_pipeline.config import HistoryConfig, SplitConfig
from tfx_pipeline.leakage.audit import audit as audit_examples
from tfx_pipeline.leakage.report import AUDIT_FILE
from tfx_pipeline.leakage.windows import NEVER, AuditSplit
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.write_aside import write_aside
from trainer.features import CATALOGUE

SPLIT_FILE = "split.json"
"""Beside the examples: the boundaries that they were cut at, in epoch seconds."""
_BOUNDARIES = {"time": ("ranker_start", "eval_start", "test_start"), "files": ("ranker_start",), "leave_last_out": ()}


@component
def LeakageAuditor(
    examples: InputArtifact[standard_artifacts.Examples],
    tables: InputArtifact[ShopTables],
    split: Parameter[str],
    history: Parameter[str],
    version: Parameter[str],
    audit: OutputArtifact[LeakageAudit],
) -> None:
    """Check every position of every example against the tables.

    Args:
        examples: tf.Examples of users, with split.json beside them.
        tables: The tables on the data contract.
        split: `SplitConfig` as JSON.
        history: `HistoryConfig` as JSON.
        version: Hash of the code.
        audit: What every rule found, also where the run is stopped: audit.json.

    Raises:
        DataError: One line: an example leaks, or examples, tables or boundaries cannot be used.
    """
    del version
    folder = Path(examples.uri)
    cases = HistoryConfig.model_validate_json(history).ranker_cases
    boundaries = replace(read_boundaries(SplitConfig.model_validate_json(split), folder), ranker_cases=cases)
    names = [name for name in artifact_utils.decode_split_names(examples.split_names) if name != CATALOGUE]
    report = audit_examples({name: _files(folder, name) for name in names}, Path(tables.uri), boundaries)
    with write_aside(Path(audit.uri) / AUDIT_FILE) as aside:
        aside.write_text(report.to_json(), encoding="utf-8")
    if not report.passed:
        raise DataError("the examples leak: " + "; ".join(check.describe() for check in report.failures))


def read_boundaries(config: SplitConfig, folder: Path) -> AuditSplit:
    """What decides the windows: the dates of the configuration, or else split.json.

    Args:
        config: The split of the run.
        folder: Where split.json lies.

    Raises:
        DataError: split.json cannot be read, lacks a boundary, or does not say what the configuration says.
    """
    if config.method == "leave_last_out":
        return AuditSplit("leave_last_out")
    path = folder / SPLIT_FILE
    written = _read_whole_numbers(path, _BOUNDARIES[config.method])
    for name, second in written.items():
        date = getattr(config, name) if config.method == "time" else None
        if date is not None and int(date.timestamp()) != second:
            raise DataError(f"{path}: {name} is {second}, in the configuration it is {int(date.timestamp())}")
    if sorted(set(written.values())) != list(written.values()):
        raise DataError(f"{path}: {', '.join(written)} must increase, these are {list(written.values())}")
    eval_start, test_start = written.get("eval_start", NEVER), written.get("test_start", NEVER)
    return AuditSplit(config.method, written["ranker_start"], eval_start, test_start)


def _read_whole_numbers(path: Path, names: tuple[str, ...]) -> dict[str, int]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{path}: not a JSON file: {error}") from error
    for name in names:
        if not isinstance(document, dict) or type(document.get(name)) is not int:
            raise DataError(f"{path}: no whole number {name!r}")
    return {name: document[name] for name in names}


def _files(folder: Path, split: str) -> list[Path]:
    files = sorted((folder / f"Split-{split}").glob("data_tfrecord*"))
    if not files:
        raise DataError(f"{folder / f'Split-{split}'}: no data_tfrecord files, so no examples to audit")
    return files
