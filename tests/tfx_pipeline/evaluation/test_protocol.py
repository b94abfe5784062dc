import json
from dataclasses import asdict

import numpy as np
import pytest

from tfx_pipeline.evaluation.beyond_accuracy import beyond_names
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.item_facts import ItemFacts
from tfx_pipeline.evaluation.labelling import Labelling
from tfx_pipeline.evaluation.metrics import metric_names
from tfx_pipeline.evaluation.protocol import EvaluationSettings, evaluate_models
from tfx_pipeline.evaluation.rankings import Ranker, Rankings
from tfx_pipeline.evaluation.slicing import Slicing, slice_by_item

CASES = EvaluationCases.from_lists(
    ["again", "new", "idle"], history=[[0, 0, 1], [0, 1], [2]], targets=[[0], [1, 3], []], item_count=5
)
FACTS = ItemFacts(np.array([3.0, 2.0, 1.0, 0.0, 0.0]), 3, np.array([0, 0, 1, 1, 1], np.int32))
SETTINGS = EvaluationSettings(rounds=50, smallest_slice=2)


def always(*items: int) -> Ranker:
    def rank(cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        row = [*items, *[-1] * k][:k]
        scores = np.where(np.array(row) < 0, -np.inf, -np.arange(k, dtype=np.float32)).astype(np.float32)
        return Rankings(np.tile(np.array(row, np.int32), (len(cases), 1)), np.tile(scores, (len(cases), 1)))

    return rank


def test_models_stand_beside_each_other() -> None:
    table = evaluate_models({"ours": always(0, 1), "other": always(3, 0)}, CASES, [1, 2]).table
    assert table.models == ["ours", "other"]
    assert [(row.model, row.items, row.users) for row in table.rows] == [
        ("ours", "all", 2),
        ("ours", "new", 1),
        ("other", "all", 2),
        ("other", "new", 1),
    ]
    assert (table.users("all"), table.users("new")) == (2, 1)
    assert table.row("ours", "all").metrics["HR@1"] == 0.5
    assert table.row("ours", "all").metrics["HR@2"] == 1.0
    assert table.row("other", "new").metrics["HR@1"] == 1.0


def test_new_only_is_passed_on_with_the_cases_left() -> None:
    seen = []

    def spy(cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        seen.append((cases.user_ids, k, new_only))
        return always(0, 1, 2)(cases, k, new_only)

    evaluate_models({"spy": spy}, CASES, [1, 3])
    assert seen == [(["again", "new"], 3, False), (["new"], 3, True)]


class Both:
    """Ranks items 0 to 3 for everyone, and 2 and 3 among new ones, when it is asked for both at once."""

    def rank_both(self, cases: EvaluationCases, k: int) -> tuple[Rankings, Rankings]:
        return always(0, 1, 2, 3)(cases, k, False), always(2, 3)(cases, k, True)

    def __call__(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        raise AssertionError("asked twice")


def test_who_ranks_both_is_asked_once() -> None:
    evaluation = evaluate_models({"both": Both()}, CASES, [3])
    assert evaluation.ranked["both", "all"][1].items.tolist() == [[0, 1, 2], [0, 1, 2]]
    assert evaluation.ranked["both", "new"][0].user_ids == ["new"]
    assert evaluation.ranked["both", "new"][1].items.tolist() == [[2, 3, -1]]


def test_known_items_do_not_help_with_new_items() -> None:
    # Ranks 0, 1, 2, 3: without the known 0 and 1, item 3 stands at rank 2, and its score moves with it.
    evaluation = evaluate_models({"ours": always(0, 1, 2, 3)}, CASES, [1, 4])
    row = evaluation.table.row("ours", "new")
    assert row.metrics["NDCG@4"] == pytest.approx(1 / np.log2(3))
    assert row.standard_errors["NDCG@4"] is None
    cases, ranked = evaluation.ranked["ours", "new"]
    assert cases.user_ids == ["new"]
    assert ranked.items.tolist() == [[2, 3, -1, -1]]
    assert ranked.scores is not None and ranked.scores.tolist() == [[-2.0, -3.0, -np.inf, -np.inf]]


def test_what_is_ranked_behind_the_last_cutoff_moves_up_and_no_further() -> None:
    def ranks_all(cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        return always(0, 1, 2, 3, 4)(cases, 5, new_only)

    evaluation = evaluate_models({"ours": ranks_all}, CASES, [1, 2], FACTS, settings=SETTINGS)
    assert evaluation.ranked["ours", "all"][1].items.tolist() == [[0, 1], [0, 1]]
    assert evaluation.ranked["ours", "new"][1].items.tolist() == [[2, 3]]


def test_best_is_per_column_and_few_metrics_make_the_headline() -> None:
    table = evaluate_models({"ours": always(0, 1), "other": always(3, 0)}, CASES, [2]).table
    assert table.best("all", "HR@2") == 1.0
    assert table.metrics == metric_names([2])
    assert table.headline_metrics == ["HR@2", "Recall@2", "NDCG@2"]


def test_facts_bring_the_metrics_beyond_accuracy() -> None:
    row = evaluate_models({"ours": always(0, 1)}, CASES, [2], FACTS, settings=SETTINGS).table.row("ours", "all")
    assert set(row.metrics) == {*metric_names([2]), *beyond_names([2])}
    assert row.metrics["Coverage@2"] == pytest.approx(2 / 5)
    assert row.metrics["Novelty@2"] == pytest.approx(-(np.log2(4 / 5) + np.log2(3 / 5)) / 2)
    assert row.standard_errors["Coverage@2"] is None


def test_what_most_popular_would_have_shown_is_no_serendipity() -> None:
    # Most popular shows 0 and 1 to everyone; of what "new" does not know, it shows 2 and then 3 first.
    table = evaluate_models({"ours": always(0, 2)}, CASES[1:2], [2], FACTS, settings=SETTINGS).table
    assert table.row("ours", "all").metrics["Serendipity@2"] == 0.0
    cases = EvaluationCases.from_lists(["new"], history=[[0, 1]], targets=[[3, 4]], item_count=5)
    new = evaluate_models({"ours": always(3, 4)}, cases, [1, 2], FACTS, settings=SETTINGS).table.row("ours", "new")
    assert (new.metrics["Serendipity@1"], new.metrics["Serendipity@2"]) == (1.0, 0.5)


def test_every_metric_has_an_interval_around_its_mean() -> None:
    row = evaluate_models({"ours": always(0, 1)}, CASES, [1, 2], FACTS, settings=SETTINGS).table.row("ours", "all")
    assert set(row.intervals) == set(row.metrics)
    low, high = row.intervals["HR@1"] or (1.0, 0.0)
    assert low <= 0.5 <= high and low < high


def test_no_rounds_no_intervals() -> None:
    evaluation = evaluate_models(
        {"ours": always(0), "other": always(1)}, CASES, [1], FACTS, settings=EvaluationSettings(rounds=0)
    )
    assert evaluation.table.rows[0].intervals == {}
    assert evaluation.tests == ()


def test_the_first_model_is_tested_against_the_others() -> None:
    evaluation = evaluate_models({"ours": always(0), "other": always(3)}, CASES, [1], settings=SETTINGS)
    # Nobody can be resampled among the one user with a new target.
    assert [(test.model, test.other, test.items, test.metric) for test in evaluation.tests] == [
        ("ours", "other", "all", metric) for metric in ("HR@1", "Recall@1", "NDCG@1")
    ]
    assert evaluation.tests[0].difference == 0.0


def by_item(cases: EvaluationCases) -> list[Slicing]:
    return [slice_by_item("kind", Labelling(("low", "high"), np.array([0, 0, 0, 1, 1], np.int32)), cases)]


def test_slices_of_the_first_model_or_of_those_named() -> None:
    models = {"ours": always(0, 3), "other": always(1, 3)}
    first = evaluate_models(models, CASES, [1], slicings=by_item, settings=SETTINGS).slices
    assert {score.model for score in first} == {"ours"}
    found = {(score.items, score.label): (score.users, score.metrics["HR@1"], score.too_small) for score in first}
    assert found == {
        ("all", "low"): (2, 0.5, False),
        ("all", "high"): (1, 0.0, True),
        # The one ranked item is known, so that nothing is left of the list.
        ("new", "high"): (1, 0.0, True),
        ("new", "low"): (0, None, True),
    }
    both = EvaluationSettings(rounds=0, sliced=("other", "ours"))
    named = evaluate_models(models, CASES, [1], slicings=by_item, settings=both).slices
    assert {score.model for score in named} == {"ours", "other"}


def test_the_table_is_json() -> None:
    table = evaluate_models({"ours": always(0)}, CASES, [1], FACTS, settings=SETTINGS).table
    assert json.loads(json.dumps(asdict(table), allow_nan=False))["rows"][0]["users"] == 2


def test_nobody_buys_anything_new() -> None:
    table = evaluate_models({"ours": always(0)}, CASES[:1], [1], FACTS, settings=SETTINGS).table
    assert table.row("ours", "new").users == 0
    assert table.best("new", "HR@1") is None


@pytest.mark.parametrize(
    ("ranker", "message"),
    [
        (always(1, 1), "model 'ours', all items: case 'again': a list ranks an item twice"),
        (
            lambda cases, k, new_only: always(1)(cases, k - 1, new_only),
            "model 'ours', all items: cut-off 2 needs as many ranks, the rankings have 1",
        ),
    ],
)
def test_the_error_names_the_model(ranker: Ranker, message: str) -> None:
    with pytest.raises(ValueError) as error:
        evaluate_models({"ours": ranker}, CASES, [2])
    assert str(error.value) == message


def test_a_row_that_is_not_there() -> None:
    table = evaluate_models({"most popular": always(0)}, CASES, [1]).table
    with pytest.raises(KeyError, match="no row for model 'ours' on all items; there are most popular"):
        table.row("ours", "all")
