"""All runs of a run directory, from ML Metadata: what was done, how it ended, and how good the model was."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from tfx_pipeline.catalogue_evaluation import SERVED_MODEL, read_result
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.release_gates import read_gates
from tfx_pipeline.run_log import is_written
from tfx_pipeline.run_records import RunRecord, StageRecord, all_runs
from tfx_pipeline.run_summary import Gate, StageTime
from trainer.features import TEST


@dataclass(frozen=True)
class Headline:
    """The one metric by which runs are told apart.

    Attributes:
        metric: Its name, on all items of the test window.
        value: What the served model reached.
    """

    metric: str
    value: float


@dataclass(frozen=True)
class PastRun:
    """One run.

    Attributes:
        started: When its first stage began, UTC.
        seconds: Wall time from there to the last thing that was recorded.
        state: `interrupted` where the process ended without a word, as after a kill; the Pusher ends a complete run.
        stages: The finished stages, in the order in which they ended.
        stopped_in: The stage that failed, was interrupted, or runs; None between two stages.
        blessed: The verdict; None if none was reached.
        failed_gates: The gates that the model did not pass, with the reasons.
        version: Version of the pushed model.
        headline: The model's headline metric; None where the evaluation is no longer on disk.
    """

    started: datetime
    seconds: float
    state: Literal["complete", "failed", "interrupted", "running"]
    stages: tuple[StageTime, ...]
    stopped_in: str | None = None
    blessed: bool | None = None
    failed_gates: tuple[Gate, ...] = ()
    version: int | None = None
    headline: Headline | None = None

    @property
    def outcome(self) -> str:
        """How it ended, in words; the reasons of failed gates are in `failed_gates`."""
        if self.state != "complete":
            return f"{self.state} in {self.stopped_in}" if self.stopped_in else self.state
        if self.blessed:
            return "blessed"
        gates = "; ".join(gate.name for gate in self.failed_gates)
        return f"not blessed: {gates}" if gates else "not blessed"


_ADAPTER = TypeAdapter(tuple[PastRun, ...])


def read_run_history(run_dir: Path) -> tuple[PastRun, ...]:
    """All runs of a run directory, oldest first.

    Raises:
        PipelineError: There is no run, or its record cannot be read.
    """
    database = run_dir / "tfx" / "metadata.db"
    if not database.is_file():
        raise PipelineError(f"{run_dir}: no run here yet; `shoprank run` or `shoprank demo` makes one")
    *earlier, last = all_runs(database)
    return (*(_past_run(record, False) for record in earlier), _past_run(last, _is_running(run_dir)))


def history_json(history: tuple[PastRun, ...]) -> str:
    """The history as a JSON list."""
    return _ADAPTER.dump_json(history, indent=2).decode()


def _past_run(record: RunRecord, is_running: bool) -> PastRun:
    stages = record.stages
    pushed = stages["Pusher"].properties["pushed_model"].get("pushed_version") if "Pusher" in stages else None
    state, stopped_in = _state(record, is_running)
    return PastRun(
        started=record.started,
        seconds=record.seconds,
        state=state,
        stages=tuple(stage.time for stage in stages.values()),
        stopped_in=stopped_in,
        blessed=_is_blessed(stages.get("ReleaseGate")),
        failed_gates=_failed_gates(stages.get("ReleaseGate")),
        version=int(pushed) if pushed else None,
        headline=_headline(stages.get("CatalogueEvaluator")),
    )


def _state(
    record: RunRecord, is_running: bool
) -> tuple[Literal["complete", "failed", "interrupted", "running"], str | None]:
    if record.failed:
        return "failed", record.failed[-1]
    if "Pusher" in record.stages and not record.unfinished:
        return "complete", None
    return "running" if is_running else "interrupted", record.unfinished[-1] if record.unfinished else None


def _is_running(run_dir: Path) -> bool:
    return any(is_written(log) for log in (run_dir / "logs").glob("[0-9]*.log"))


def _is_blessed(gate: StageRecord | None) -> bool | None:
    return None if gate is None else gate.properties["blessing"].get("blessed") == 1


def _failed_gates(gate: StageRecord | None) -> tuple[Gate, ...]:
    """Those that the file lists, where it is still on disk."""
    if gate is None:
        return ()
    try:
        gates = read_gates(gate.outputs["blessing"])
    except (OSError, ValidationError):
        return ()
    return tuple(each for each in gates if not each.passed)


def _headline(evaluator: StageRecord | None) -> Headline | None:
    if evaluator is None:
        return None
    try:
        table = read_result(evaluator.outputs["evaluation"]).window(TEST).table
        metric = f"NDCG@{table.cutoffs[0]}"
        value = table.row(SERVED_MODEL, "all").metrics[metric]
    except (OSError, ValidationError, StopIteration, LookupError):
        # Deleted to save space, or written by other code.
        return None
    return None if value is None else Headline(metric, value)
