"""A run that is killed in the middle of every stage, one after the other, ends as one that was left in peace."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.end_to_end.tiny_shop import write_tiny_shop
from tfx_pipeline.run_history import read_run_history
from tfx_pipeline.run_summary import RunSummary, load_run_summary

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("killed_stage.py")
Run = Callable[[Path, str], int]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Run the pipeline of a configuration, and be killed in a stage unless its name is ''; the exit status."""
    with (
        (tmp_path / "errors.txt").open("w+") as errors,
        subprocess.Popen(
            [sys.executable, "-W", "ignore", str(SCRIPT)],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
        ) as process,
    ):  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        answers, jobs = process.stdout, process.stdin

        def in_a_process(config: Path, stage: str) -> int:
            jobs.write(json.dumps({"config": str(config), "stage": stage}) + "\n")
            jobs.flush()
            return int(json.loads(answers.readline()))

        yield in_a_process


@pytest.fixture
def shop(tmp_path: Path) -> dict[str, Path]:
    """The tiny shop with two configurations that differ in the run directory alone, by its name."""
    document = write_tiny_shop(tmp_path / "shop")
    configs = {name: tmp_path / "shop" / f"{name}.yaml" for name in ("undisturbed", "killed")}
    for name, config in configs.items():
        config.write_text(yaml.safe_dump({**document, "run_dir": name}, sort_keys=False))
    return configs


@pytest.mark.slow  # two runs of the whole pipeline, one of them begun again for each of its stages
@pytest.mark.timeout(3600)
def test_a_kill_in_the_middle_of_each_stage(run: Run, shop: dict[str, Path]) -> None:
    undisturbed, killed = (config.with_suffix("") for config in shop.values())
    assert run(shop["undisturbed"], "") == 0
    expected = load_run_summary(undisturbed / "metrics.json")
    # Nodes without a folder, such as resolvers, have nothing that could be cut in two.
    stages = [stage.name for stage in expected.stages if (undisturbed / "tfx" / stage.name).is_dir()]
    for place, stage in enumerate(stages):
        assert run(shop["killed"], stage) == -9
        history = read_run_history(killed)
        assert len(history) == place + 1 and history[-1].outcome == f"interrupted in {stage}"
        # The one before was killed last time; those before it were done by then.
        assert {done.name: done.cached for done in history[-1].stages if done.name in stages} == {
            name: name != stages[place - 1] for name in stages[:place]
        }
    assert run(shop["killed"], "") == 0
    last = read_run_history(killed)[-1]
    assert [stage.name for stage in last.stages if not stage.cached and stage.name in stages] == [stages[-1]]
    check_same(load_run_summary(killed / "metrics.json"), expected)
    versions = (killed / "serving" / "shoprank").iterdir()
    assert [path.name for path in versions] == ([str(last.version)] if expected.blessed else [])


def check_same(ours: RunSummary, theirs: RunSummary) -> None:
    """The same model, but for the order in which threads add up floats."""
    assert ours.tables == theirs.tables
    assert [(gate.name, gate.passed) for gate in ours.gates] == [(gate.name, gate.passed) for gate in theirs.gates]
    for our_window, their_window in zip(ours.windows, theirs.windows, strict=True):
        for items in ("all", "new"):
            metrics = our_window.table.row("shoprank", items).metrics
            assert metrics == pytest.approx(their_window.table.row("shoprank", items).metrics, abs=5e-3)
