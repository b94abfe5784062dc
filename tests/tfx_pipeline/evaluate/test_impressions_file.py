from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from tfx_pipeline.evaluate.impressions_file import read_impressions
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str], Path]
CATALOGUE = pa.array(["a", "b"])
CASES = EvaluationCases.from_lists(["u", "v"], [[], []], [[0], [1]], 2)


def test_impressions_of_the_cases(save: Save) -> None:
    text = "user_id,item_id,clicked,converted\nv,a,1,0\nv,b,yes,\nz,a,1,1\nu,x,0,0\nu,b,,no\n"
    path = save("i.csv", text)
    impressions, notes = read_impressions(path, CASES, CATALOGUE)
    assert (impressions.owners.tolist(), impressions.items.tolist()) == ([1, 1, 0], [0, 1, 1])
    assert impressions.clicked.tolist() == [True, True, False]
    assert impressions.converted is not None and impressions.converted.tolist() == [False, False, False]
    assert notes == [f"{path}: 2 impressions are of other users or items and were not read"]


def test_conversions_may_be_absent(save: Save) -> None:
    impressions, notes = read_impressions(save("i.csv", "case_id,item_id,click\nu,a,true\n"), CASES, CATALOGUE)
    assert (impressions.clicked.tolist(), impressions.converted, notes) == ([True], None, [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "user_id,item_id\nu,a\n",
            "{path}: clicked needs column 'clicked' or 'click', but the file has user_id, item_id",
        ),
        ("user_id,item_id,clicked\nu,a,twice\n", "{path}, line 2: clicked is 'twice', yes or no is needed"),
        (
            "user_id,item_id,clicked\nz,a,1\n",
            "{path}: none of the 1 impressions is of a case and an item of the catalogue",
        ),
    ],
)
def test_a_file_that_cannot_be_used(save: Save, text: str, message: str) -> None:
    path = save("i.csv", text)
    with pytest.raises(DataError) as error:
        read_impressions(path, CASES, CATALOGUE)
    assert str(error.value) == message.format(path=path)
