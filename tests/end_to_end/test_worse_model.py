"""A model made worse on purpose. Its stages come after those of the good one, so this file is the last in order."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tfx_pipeline.run_summary import load_run_summary


@pytest.mark.slow  # a second run of the whole pipeline
@pytest.mark.timeout(900)
def test_a_model_made_worse_on_purpose_is_not_blessed(shop_run: Any, command_line: Any, tmp_path: Path) -> None:
    document = yaml.safe_load(shop_run.config.read_text())
    # Hardly any candidates, and no gate but the one against the last blessed model.
    document["ranker"] |= {"retrieved": 1, "from_history": 0, "popular": 1}
    document["evaluation"] = {
        "minimum_ranker_auc": 0.0,
        "minimum_lift_over_popular": -1.0,
        "maximum_search_loss": None,
    }
    worse = shop_run.config.with_name("worse.yaml")
    worse.write_text(yaml.safe_dump(document, sort_keys=False))
    before = (shop_run.folder / "metrics.json").read_bytes()
    try:
        done = command_line("run", "--config", str(worse))
        assert done.returncode == 1
        message = done.stderr.strip().splitlines()[-1]
        assert message.startswith("shoprank: the model is not blessed and was not pushed: ")
        assert "NDCG@10, all items, eval window, against last blessed" in message and "a drop of" in message
        assert [path.name for path in shop_run.model.parent.iterdir()] == [str(shop_run.summary.model_version)]
        failed = load_run_summary(shop_run.folder / "metrics.json")
        assert failed.windows[0].last_blessed == "last blessed"
        theirs = failed.windows[0].table.row("last blessed", "all").metrics["NDCG@10"]
        assert theirs == pytest.approx(
            shop_run.summary.windows[0].table.row("shoprank", "all").metrics["NDCG@10"], abs=1e-3
        )
        _check_history_and_comparison(shop_run, command_line, tmp_path, before)
    finally:
        (shop_run.folder / "metrics.json").write_bytes(before)


def _check_history_and_comparison(shop_run: Any, command_line: Any, tmp_path: Path, blessed: bytes) -> None:
    listed = command_line("runs", "--run-dir", str(shop_run.folder), "--json")
    assert listed.returncode == 0, listed.stderr
    history = json.loads(listed.stdout)
    assert (history[-1]["state"], history[-1]["blessed"], history[-1]["version"]) == ("complete", False, None)
    assert [gate["name"] for gate in history[-1]["failed_gates"]] == [
        "NDCG@10, all items, eval window, against last blessed"
    ]
    assert str(history[0]["version"]) == str(shop_run.summary.model_version)
    other = tmp_path / "blessed"
    other.mkdir()
    (other / "metrics.json").write_bytes(blessed)
    page = tmp_path / "comparison.html"
    compared = command_line("compare", str(other), str(shop_run.folder), "--output", str(page))
    assert compared.returncode == 0, compared.stderr
    assert "NDCG@10" in page.read_text(encoding="utf-8")
