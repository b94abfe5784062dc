from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tfx_pipeline.evaluate.candidate_data import candidate_data, candidate_items
from tfx_pipeline.evaluate.request import EvaluateRequest
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.sampled import CandidateLists
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str], Path]


def test_negatives_are_made_distinct_and_counted(save: Save) -> None:
    path = save("a.csv", "case_id,history,positive,negatives\n1,a,b,c d c\n2,a,c,b c d\n")
    data = candidate_data(EvaluateRequest(("m",), path))
    assert data.protocol == "sampled" and data.candidates is not None
    assert data.item_ids[candidate_items(data.candidates).values].tolist() == ["b", "c", "d", "c", "b", "d"]
    assert data.cases.targets.values.tolist() == data.candidates.positives.tolist()
    assert data.notes[-2:] == (
        "1 negatives were named twice by their case and count once",
        "1 negatives were the positive of their case and left",
    )


def test_no_history_is_an_empty_one(save: Save) -> None:
    data = candidate_data(EvaluateRequest(("m",), save("a.csv", "user_id,positive,negatives\nu,b,c\n")))
    assert data.cases.history.lengths.tolist() == [0]


def test_the_positive_stands_before_its_negatives() -> None:
    lists = CandidateLists.from_given(np.array([5, 6, 7]), Ragged.from_lists([[1, 2], [3], [4, 0]]))
    items = candidate_items(lists)
    assert [items.row(case).tolist() for case in range(3)] == [[5, 1, 2], [6, 3], [7, 4, 0]]
    assert items.values.dtype == np.int32


@pytest.mark.parametrize("negatives", ["", "b", "b b"])
def test_a_case_without_a_negative(save: Save, negatives: str) -> None:
    path = save("a.csv", f"case_id,positive,negatives\n1,b,c\n2,b,{negatives}\n")
    with pytest.raises(DataError) as error:
        candidate_data(EvaluateRequest(("m",), path))
    assert str(error.value) == f"{path}, line 3: negatives names no item but the positive"
