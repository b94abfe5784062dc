from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tfx_pipeline.evaluate.case_data import case_data
from tfx_pipeline.evaluate.request import EvaluateRequest
from tfx_pipeline.sources.errors import DataError

Save = Callable[[str, str], Path]
CASES = "user_id,history,targets\nu,a b,c c\nv,b,d a\nw,,\n"


def test_cases_as_rows_of_the_items_table(save: Save) -> None:
    items = save("items.csv", "item_id,title\nd,x\nc,x\nb,x\na,x\n")
    data = case_data(EvaluateRequest(("m",), save("a.csv", CASES), items=items))
    assert (data.protocol, data.window, data.interactions, data.facts) == ("cases", None, None, None)
    assert data.item_ids.tolist() == ["d", "c", "b", "a"]
    # Who has no target is not asked about, and a target that is named twice counts once.
    assert data.cases.user_ids == ["u", "v"]
    assert data.cases.history.values.tolist() == [3, 2, 2]
    assert [sorted(data.cases.targets.row(case)) for case in range(2)] == [[1], [0, 3]]
    assert data.notes == ("1 cases have no target and do not count",)


def test_items_that_the_table_lacks_are_added_and_counted(save: Save) -> None:
    items, train = save("items.csv", "item_id\nb\na\n"), save("train.csv", "user_id,item_id\nu,z\nu,a\n")
    path = save("a.csv", CASES)
    data = case_data(EvaluateRequest(("m",), path, items=items, train=train))
    assert data.item_ids.tolist() == ["b", "a", "z", "c", "d"]
    assert data.notes[0] == f"3 items of {path} or of the training table are not in {items}; they were added"
    assert data.interactions is not None and data.interactions.items.tolist() == [2, 1]
    assert data.facts is not None and data.facts.popularity.tolist() == [0, 1, 1, 0, 0]


def test_without_a_table_of_items_models_and_tables_make_the_catalogue(save: Save) -> None:
    data = case_data(EvaluateRequest(("m",), save("a.csv", CASES)), [pa.array(["q", "a"]), pa.array([], pa.string())])
    assert data.item_ids.tolist() == ["q", "a", "c", "d", "b"]
    assert data.notes[0] == (
        "the catalogue is the 5 items that the tables and the models name; --items FILE gives all of it"
    )


def test_numbered_cases_are_told_of(save: Save) -> None:
    data = case_data(EvaluateRequest(("m",), save("a.csv", "user_id,history,targets\nu,a,b\nu,b,a\n")))
    assert data.cases.user_ids == ["u/1", "u/2"]
    assert data.notes[1] == (
        "user_id occurs more than once: the cases are numbered, models see strangers, "
        "and intervals and tests take cases of one owner as independent"
    )


def test_no_case_has_a_target(save: Save) -> None:
    path = save("a.csv", "user_id,history,targets\nu,a,\n")
    with pytest.raises(DataError) as error:
        case_data(EvaluateRequest(("m",), path))
    assert str(error.value) == f"{path}: no case has a target"


def test_real_cases() -> None:
    folder = Path(__file__).parents[4] / "shared" / "data" / "amazon_industrial"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    valid = folder / "next_item_industrial_valid.csv.gz"
    items = folder / "items_industrial.csv.gz"
    data = case_data(EvaluateRequest(("m",), folder / "next_item_industrial_test.csv.gz", train=valid, items=items))
    assert (len(data.cases), data.cases.item_count) == (4533, 3686)
    assert (data.cases.targets.lengths == 1).all() and (data.cases.history.lengths <= 10).all()
    assert data.interactions is not None and not np.diff(data.interactions.users).min() < 0
