import json
from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.protocol import baseline_rankers, evaluate_models

CASES = EvaluationCases.from_lists(
    ["again", "new", "idle"], history=[[0, 0, 1], [0, 1], [2]], targets=[[0], [1, 3], []], item_count=5
)
COUNTS = np.array([5, 4, 3, 2, 1])


def everything(cases: EvaluationCases, k: int, new_only: bool) -> NDArray[np.int32]:
    return np.tile(np.arange(k, dtype=np.int32), (len(cases), 1))


def test_models_stand_beside_the_baselines() -> None:
    table = evaluate_models({"ours": everything} | baseline_rankers(COUNTS), CASES, [1, 2])
    assert table.models == ["ours", "most popular", "buy again"]
    assert [(row.model, row.items) for row in table.rows[:2]] == [("ours", "all"), ("ours", "new")]
    assert [row.users for row in table.rows] == [2, 1] * 3
    assert (table.users("all"), table.users("new")) == (2, 1)
    assert table.row("most popular", "all").metrics["HR@1"] == 0.5
    assert table.row("buy again", "all").metrics["HR@2"] == 1.0
    # Items 0 and 1 are known to the one user with a new target, 3; the popular items left are 2 and 3.
    assert table.row("most popular", "new").metrics["HR@1"] == 0.0
    assert table.row("most popular", "new").metrics["HR@2"] == 1.0


def test_new_only_is_passed_on_with_the_cases_left() -> None:
    seen = []

    def spy(cases: EvaluationCases, k: int, new_only: bool) -> NDArray[np.int32]:
        seen.append((cases.user_ids, k, new_only))
        return everything(cases, k, new_only)

    evaluate_models({"spy": spy}, CASES, [1, 3])
    assert seen == [(["again", "new"], 3, False), (["new"], 3, True)]


def test_known_items_do_not_help_with_new_items() -> None:
    # Ranks 0, 1, 2, 3: without the known 0 and 1, item 3 stands at rank 2.
    row = evaluate_models({"ours": everything}, CASES, [1, 4]).row("ours", "new")
    assert row.metrics["NDCG@4"] == pytest.approx(1 / np.log2(3))
    assert row.standard_errors["NDCG@4"] is None


def test_best_is_per_column() -> None:
    table = evaluate_models({"ours": everything} | baseline_rankers(COUNTS), CASES, [2])
    assert table.best("all", "HR@2") == 1.0
    assert table.metrics == ["HR@2", "Recall@2", "NDCG@2"]


def test_the_table_is_json() -> None:
    table = evaluate_models(baseline_rankers(COUNTS), CASES, [1])
    assert json.loads(json.dumps(asdict(table), allow_nan=False))["rows"][0]["users"] == 2


def test_nobody_buys_anything_new() -> None:
    table = evaluate_models(baseline_rankers(COUNTS), CASES[:1], [1])
    assert table.row("buy again", "new").users == 0
    assert table.best("new", "HR@1") is None


def test_the_error_names_the_model() -> None:
    def repeats(cases: EvaluationCases, k: int, new_only: bool) -> NDArray[np.int32]:
        return np.zeros((len(cases), k), np.int32)

    with pytest.raises(ValueError) as error:
        evaluate_models({"ours": repeats}, CASES, [2])
    assert str(error.value) == "model 'ours', all items: case 'again': a list ranks an item twice"


def test_a_row_that_is_not_there() -> None:
    table = evaluate_models(baseline_rankers(COUNTS), CASES, [1])
    with pytest.raises(KeyError, match="no row for model 'ours' on all items; there are most popular, buy again"):
        table.row("ours", "all")
