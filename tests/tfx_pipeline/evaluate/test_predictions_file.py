from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tfx_pipeline.evaluate.predictions_file import PredictionsRanker, check_some_user, read_predictions
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str], Path]
CATALOGUE = pa.array(["a", "b", "c", "d"])
CASES = EvaluationCases.from_lists(["u", "v", "w"], [[1], [], [0]], [[2], [3], [1]], item_count=4)
# Ranks may have gaps, rows any order; x is in no catalogue, z asks for nothing.
TEXT = "user_id,item_id,rank,score\nv,d,7,.5\nu,c,2,.8\nu,b,1,.9\nu,x,3,.7\nu,a,4,.6\nz,a,1,1\n"


def test_lists_in_the_order_of_their_ranks(save: Save) -> None:
    ranker = PredictionsRanker(read_predictions(save("p.csv", TEXT)), CATALOGUE)
    ranked = ranker(CASES, 2, False)
    np.testing.assert_array_equal(ranked.items, [[1, 2], [3, -1], [-1, -1]])
    assert ranked.scores is not None
    np.testing.assert_allclose(ranked.scores, [[0.9, 0.8], [0.5, -np.inf], [-np.inf, -np.inf]], rtol=1e-6)


def test_items_of_the_history_leave_before_the_cut(save: Save) -> None:
    ranker = PredictionsRanker(read_predictions(save("p.csv", TEXT)), CATALOGUE)
    np.testing.assert_array_equal(ranker(CASES, 2, True).items, [[2, 0], [3, -1], [-1, -1]])


def test_a_list_may_be_wider_than_the_file(save: Save) -> None:
    ranker = PredictionsRanker(read_predictions(save("p.csv", "case_id,item_id,rank\nw,a,1\n")), CATALOGUE)
    ranked = ranker(CASES, 3, False)
    np.testing.assert_array_equal(ranked.items, [[-1] * 3, [-1] * 3, [0, -1, -1]])
    assert ranked.scores is None
    assert ranker(CASES.take(np.array([], np.int64)), 3, True).items.shape == (0, 3)


def test_what_does_not_fit_is_counted(save: Save) -> None:
    path = save("p.csv", TEXT)
    assert PredictionsRanker(read_predictions(path), CATALOGUE).notes(CASES) == [
        f"{path}: 1 ranked items are not in the catalogue and left their lists",
        f"{path}: 1 users are not among the cases and were not read",
        f"{path}: 1 users have no list and count with 0",
        f"{path}: 1 ranked items are of the user's history: for new items they leave, and nothing takes their place",
    ]


def test_a_file_of_other_users(save: Save) -> None:
    path = save("p.csv", "user_id,item_id,rank\nq,a,1\n")
    with pytest.raises(DataError) as error:
        check_some_user(PredictionsRanker(read_predictions(path), CATALOGUE), path, CASES)
    assert str(error.value) == f"{path}: none of its users is among the 3 cases, of which one is 'u'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user_id,item_id,rank\nu,a,1\nu,b,1\n", "{path}, line 3: user 'u' has rank 1 twice"),
        ("user_id,item_id,rank\nu,a,1\nu,a,2\n", "{path}, line 3: user 'u' has item a twice"),
        ("user_id,item_id,rank\nu,a,0\n", "{path}, line 2: rank is 0, a whole number from 1 on is needed"),
        ("user_id,item_id,rank\nu,a,1.5\n", "{path}, line 2: rank is 1.5, a whole number from 1 on is needed"),
        ("user_id,item_id,rank\nu,a,top\n", "{path}, line 2: rank is 'top', a number is needed"),
        ("user_id,item_id,rank\nu,,1\n", "{path}, line 2: item_id is empty"),
        ("user_id,item_id\nu,a\n", "{path}: rank needs column 'rank', but the file has user_id, item_id"),
        ("user_id,item_id,rank,score\nu,a,1,high\n", "{path}, line 2: score is 'high', a number is needed"),
    ],
)
def test_a_file_that_cannot_be_used(save: Save, text: str, message: str) -> None:
    path = save("p.csv", text)
    with pytest.raises(DataError) as error:
        read_predictions(path)
    assert str(error.value) == message.format(path=path)
