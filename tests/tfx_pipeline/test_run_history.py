import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tfx_pipeline.metadata_writer import MetadataWriter, State
from tfx_pipeline.catalogue_evaluation import CatalogueResult, WindowResult, write_result
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.evaluation.metrics import metric_names
from tfx_pipeline.evaluation.table import EvaluationRow, EvaluationTable
from tfx_pipeline.release_gates import write_gates
from tfx_pipeline.run_history import Headline, history_json, read_run_history
from tfx_pipeline.run_log import log_to
from tfx_pipeline.run_summary import Gate

PASSED, FAILED = Gate("AUC", True, "0.8 against 0.6"), Gate("NDCG@10", False, "0.1 against more than 0.2")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def writer(tmp_path: Path) -> MetadataWriter:
    return MetadataWriter(tmp_path / "tfx" / "metadata.db")


def gates_in(folder: Path, *gates: Gate) -> Path:
    folder.mkdir(parents=True)
    write_gates(gates, folder)
    return folder


def write_evaluation(folder: Path, value: float) -> Path:
    metrics: dict[str, float | None] = dict.fromkeys(metric_names((10,)), value)
    table = EvaluationTable((10,), (EvaluationRow("shoprank", "all", 9, metrics, dict.fromkeys(metrics)),))
    write_result(CatalogueResult((WindowResult("test", 0, 9, table),)), folder)
    return folder


def finish(writer: MetadataWriter, run: int, folder: Path, blessed: bool, state: "State.State") -> None:
    gates = gates_in(folder / "gates", PASSED) if blessed else gates_in(folder / "gates", PASSED, FAILED)
    evaluation = write_evaluation(folder / "evaluation", 0.4)
    pushed: dict[str, str | int] = {"pushed": 1, "pushed_version": "1795"} if blessed else {"pushed": 0}
    writer.stage(run, "CatalogueEvaluator", state, {"evaluation": (evaluation, {})})
    writer.stage(run, "ReleaseGate", state, {"blessing": (gates, {"blessed": int(blessed)})})
    writer.stage(run, "Pusher", state, {"pushed_model": (folder, pushed)})


def test_a_blessed_run_and_one_that_is_not(writer: MetadataWriter, tmp_path: Path) -> None:
    finish(writer, writer.run(), tmp_path / "1", True, State.COMPLETE)
    finish(writer, writer.run(), tmp_path / "2", False, State.CACHED)
    good, bad = read_run_history(tmp_path)
    assert (good.state, good.blessed, good.version, good.outcome) == ("complete", True, 1795, "blessed")
    assert good.headline == bad.headline == Headline("NDCG@10", 0.4)
    assert [stage.cached for stage in good.stages + bad.stages] == [False] * 3 + [True] * 3
    assert (bad.state, bad.blessed, bad.version, bad.failed_gates) == ("complete", False, None, (FAILED,))
    assert bad.outcome == "not blessed: NDCG@10"


def test_runs_without_an_end(writer: MetadataWriter, tmp_path: Path) -> None:
    failed, killed, between, early = (writer.run() for _ in range(4))
    writer.stage(failed, "Transform", State.FAILED)
    writer.stage(killed, "Ingest", State.COMPLETE)
    writer.stage(killed, "Transform", State.RUNNING)
    writer.stage(between, "Ingest", State.COMPLETE)
    history = read_run_history(tmp_path)
    assert [run.outcome for run in history] == [
        "failed in Transform",
        "interrupted in Transform",
        "interrupted",
        "interrupted",
    ]
    assert early and [len(run.stages) for run in history] == [0, 1, 1, 0]
    assert all((run.blessed, run.version, run.headline) == (None, None, None) for run in history)


def test_a_push_after_which_another_stage_was_killed_is_no_complete_run(writer: MetadataWriter, tmp_path: Path) -> None:
    run = writer.run()
    finish(writer, run, tmp_path / "1", True, State.COMPLETE)
    writer.stage(run, "Report", State.RUNNING)
    assert read_run_history(tmp_path)[0].outcome == "interrupted in Report"


def test_only_the_last_run_can_be_running(writer: MetadataWriter, tmp_path: Path) -> None:
    for _ in range(2):
        writer.stage(writer.run(), "Transform", State.RUNNING)
    with log_to(tmp_path / "logs" / "20260101T000000.log"):
        during = [run.outcome for run in read_run_history(tmp_path)]
    assert during == ["interrupted in Transform", "running in Transform"]
    assert read_run_history(tmp_path)[-1].outcome == "interrupted in Transform"


def test_what_was_deleted_or_written_by_other_code_is_left_out(writer: MetadataWriter, tmp_path: Path) -> None:
    finish(writer, writer.run(), tmp_path / "1", False, State.COMPLETE)
    (tmp_path / "1" / "gates" / "gates.json").unlink()
    for content in ("[]", "{", '{"windows": []}'):
        (tmp_path / "1" / "evaluation" / "evaluation.json").write_text(content)
        (run,) = read_run_history(tmp_path)
        assert (run.outcome, run.headline) == ("not blessed", None)


def test_the_json_holds_what_the_table_shows(writer: MetadataWriter, tmp_path: Path) -> None:
    finish(writer, writer.run(), tmp_path / "1", False, State.COMPLETE)
    (run,) = json.loads(history_json(read_run_history(tmp_path)))
    assert (run["state"], run["blessed"], run["headline"]) == ("complete", False, {"metric": "NDCG@10", "value": 0.4})
    assert [stage["name"] for stage in run["stages"]] == ["CatalogueEvaluator", "ReleaseGate", "Pusher"]
    assert run["started"].endswith("Z")


def test_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as error:
        read_run_history(tmp_path)
    assert str(error.value) == f"{tmp_path}: no run here yet; `shoprank run` or `shoprank demo` makes one"


@pytest.mark.slow
def test_a_pipeline_that_was_killed(tmp_path: Path) -> None:
    script = Path(__file__).with_name("killed_pipeline.py")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_USE_LEGACY_KERAS": "1"}
    command = [sys.executable, str(script), str(tmp_path)]
    killed = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr[-2000:]
    (run,) = read_run_history(tmp_path)
    assert (run.outcome, [stage.name for stage in run.stages]) == ("interrupted in SecondStage", ["FirstStage"])
    assert killed.stdout.splitlines()[-1].split()[0] == "FirstStage"
