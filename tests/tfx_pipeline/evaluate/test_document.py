import json
from dataclasses import replace
from pathlib import Path

import pytest

from tfx_pipeline.evaluate.document import as_document, write_document
from tfx_pipeline.evaluate.evaluate import evaluate
from tfx_pipeline.evaluate.request import EvaluateRequest
from tfx_pipeline.evaluate.results import EvaluationResult
from tfx_pipeline.evaluation.baselines import BUY_AGAIN, MOST_POPULAR


@pytest.fixture(scope="module")
def result(run_dir: Path) -> EvaluationResult:
    return evaluate(EvaluateRequest((MOST_POPULAR, BUY_AGAIN), run_dir, baselines=False))


def test_keys_are_stable(result: EvaluationResult, run_dir: Path) -> None:
    document = as_document(result)
    assert list(document) == [
        "data", "models", "settings", "results", "tests", "slices", "gaps", "impressions", "ranker",
        "notes", "seconds",
    ]  # fmt: skip
    period = result.data.period
    assert document["data"] == {
        "source": str(run_dir),
        "protocol": "time",
        "description": "global time split, full catalogue",
        "full_catalogue": True,
        "window": "test",
        "period": {"start": period[0], "end": period[1]},  # type: ignore[index]
        "items": 25,
        "users": {items: result.evaluation.table.users(items) for items in ("all", "new")},  # type: ignore[arg-type]
    }
    assert document["models"][1] == {"name": BUY_AGAIN, "kind": "baseline", "source": BUY_AGAIN}
    assert document["settings"] == {"cutoffs": [5, 10], "rounds": 50, "seed": 7}
    assert list(document["results"][0]) == ["model", "items", "users", "metrics", "standard_errors", "intervals"]
    assert set(document["results"][0]["intervals"]) <= set(document["results"][0]["metrics"])
    assert list(document["tests"][0]) == [
        "model", "other", "items", "metric", "users", "difference", "low", "high", "p_value",
    ]  # fmt: skip
    assert {"dimension", "label", "users", "metrics", "too_small"} <= set(document["slices"][0])
    assert document["impressions"] == document["ranker"] == []


def test_the_file_is_strict_json(result: EvaluationResult, tmp_path: Path) -> None:
    write_document(result, tmp_path / "new" / "figures.json")
    text = (tmp_path / "new" / "figures.json").read_text(encoding="utf-8")
    assert json.loads(text) == json.loads(json.dumps(as_document(result)))


def test_a_number_that_json_lacks_leaves_the_old_file(result: EvaluationResult, tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_document(replace(result, seconds=float("nan")), path)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("figures.json", "old")]
