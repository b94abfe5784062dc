"""A run with tuning: killed in the middle of a search, it goes on with the trials that ended."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tfx_pipeline.run_summary import RunSummary, load_run_summary
from trainer.hyperparameters import Hyperparameters
from trainer.model_files import PARTS_FILE
from trainer.tuning.search_record import SearchRecord

ROOT = Path(__file__).parents[2]
TRIALS = 3


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny shop with small trainings and a search before each."""
    folder = tmp_path_factory.mktemp("tuned") / "shop"
    subprocess.run([sys.executable, ROOT / "examples" / "tiny_shop.py", folder], check=True)
    document = yaml.safe_load((folder / "shop.yaml").read_text())
    document |= {
        "retrieval": {"epochs": 1},
        "ranker": {"batch_cases": 16, "epochs": 2},
        "evaluation": {"baselines": ["most popular"], "bootstrap_rounds": 20, "search_queries": 20},
        "tuning": {
            "stages": ["towers", "ranker"],
            "trials": TRIALS,
            "space": {
                "retrieval.dimension": {"choices": [8, 16, 32]},
                "ranker.hidden": {"choices": [[8, 4], [32, 16]]},
            },
        },
    }
    (folder / "shop.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return folder / "shop.yaml"


def start(config: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tfx_pipeline.cli", "run", "--config", str(config)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, env=environment, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def ended_trials(run_dir: Path) -> dict[str, str]:
    """Text of the file of each trial of the towers that ended."""
    files = {path.parent.name: path.read_text() for path in (run_dir / "tfx" / "tuning" / "towers").rglob("trial.json")}
    return {name: text for name, text in files.items() if json.loads(text)["status"] == "COMPLETED"}


@pytest.fixture(scope="module")
def killed_in(config: Path) -> dict[str, str]:
    """The trials that had ended when the run was killed."""
    with start(config) as process:
        while process.poll() is None and not ended_trials(config.parent / "run"):
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    return ended_trials(config.parent / "run")


@pytest.fixture(scope="module")
def summary(config: Path, killed_in: dict[str, str]) -> RunSummary:
    with start(config) as process:
        output, _ = process.communicate(timeout=3000)
    assert process.returncode == 0, output[-3000:]
    return load_run_summary(config.parent / "run" / "metrics.json")


pytestmark = [
    pytest.mark.slow,  # a whole run of the pipeline, and a part of one
    pytest.mark.timeout(3600),
]


def test_no_trial_that_ended_runs_again(config: Path, killed_in: dict[str, str], summary: RunSummary) -> None:
    assert 0 < len(killed_in) < TRIALS
    after = ended_trials(config.parent / "run")
    assert {name: after[name] for name in killed_in} == killed_in and len(after) == TRIALS
    (log,) = [path for path in (config.parent / "run" / "logs").glob("*.log") if "goes on after" in path.read_text()]
    told = f"tuning of the towers goes on after {len(killed_in)} trials that ended before"
    assert told in log.read_text()


def test_the_models_have_the_values_that_were_found(config: Path, summary: RunSummary) -> None:
    (parts,) = (config.parent / "run" / "tfx" / "RankerTrainer").rglob(str(PARTS_FILE))
    settings = Hyperparameters.from_json(json.loads(parts.read_text())["hyperparameters"])
    towers, ranker = (search.best_trial.values for search in summary.tuning)
    assert settings.retrieval["dimension"] == towers["retrieval.dimension"]
    assert settings.ranker["hidden"] == ranker["ranker.hidden"]


def test_what_was_gained_is_in_the_report(config: Path, summary: RunSummary) -> None:
    page = (config.parent / "run" / "report.html").read_text()
    assert '<section id="tuning"' in page
    for search, model in zip(summary.tuning, ("towers", "ranker"), strict=True):
        assert isinstance(search, SearchRecord) and search.model == model and search.cases > 10
        assert search.gain is not None and search.gain >= 0
        assert all(trial.score is not None and 0 < trial.score <= 1 for trial in search.trials)
        assert f"{search.objective} of the {model}: trial 0 {search.configured_trial.score:.4f}" in page
