"""A new span whose labels were shuffled between the users is trained on, and its model is not blessed."""

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pandas as pd
import pytest
import yaml

from tfx_pipeline.run_summary import load_run_summary

CommandLine = Callable[..., CompletedProcess[str]]


@pytest.fixture
def poisoned_shop(shop_run: Any, tmp_path: Path) -> Path:
    """The configuration of the shop, with the products mixed up from the ranker's window on, and the blessed version.

    The same products are bought as often and by the same numbers of users, but by anybody.
    """
    document = yaml.safe_load(shop_run.config.read_text())
    events = pd.read_csv(shop_run.config.with_name("events.csv"), dtype=str)
    new = events["transaction_timestamp"] >= document["split"]["ranker_start"]
    mixed = events.loc[new].sample(frac=1.0, random_state=7)
    for column in ("product_id", "sales_value"):
        events.loc[new, column] = mixed[column].to_numpy()
    events.to_csv(tmp_path / "events.csv", index=False)
    shutil.copy(shop_run.config.with_name("items.parquet"), tmp_path)
    shutil.copytree(shop_run.folder / "serving", tmp_path / document["run_dir"] / "serving")
    (tmp_path / "shop.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return tmp_path / "shop.yaml"


@pytest.mark.slow  # a run of the whole pipeline
@pytest.mark.timeout(1800)
def test_a_poisoned_span_is_trained_but_not_blessed(
    shop_run: Any, poisoned_shop: Path, command_line: CommandLine
) -> None:
    run_dir = poisoned_shop.with_name("run")
    done = command_line("run", "--config", str(poisoned_shop), timeout=1800)
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stderr.splitlines()[-1].startswith("shoprank: the model is not blessed and was not pushed: ")
    summary = load_run_summary(run_dir / "metrics.json")
    assert {stage.name for stage in summary.stages} >= {"TowerTrainer", "RankerTrainer", "ReleaseGate"}
    # Neither model knows anything of what is random, so it is the window that has to be doubted.
    verdicts = {gate.name: gate for gate in summary.gates}
    doubted = verdicts["NDCG@10, all items, eval window, last blessed against most popular"]
    assert not doubted.passed and "the data of this window contradict the model that was blessed" in doubted.reason
    versions = (run_dir / "serving" / "shoprank").iterdir()
    assert [path.name for path in versions] == [str(shop_run.summary.model_version)]
