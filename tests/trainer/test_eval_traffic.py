from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trainer.eval_traffic import LARGEST, EvalTraffic
from trainer.mining import Cases

USERS, ITEMS = ["anna", "bert"], ["milk", "soap", "bread"]
HISTORY = np.array([[0, 2, -1], [3, 1, -1], [-1, -1, -1]], np.int32)
CASES = Cases(
    numbers=np.arange(3),
    users=np.array([1, 0, 2]),
    history=HISTORY,
    event_types=np.array([[0, 1, -1], [0, 0, -1], [-1, -1, -1]], np.int32),
    ages=np.array([[2.5, -1, -1], [9, 1, -1], [-1, -1, -1]], np.float32),
    queries=np.full(3, "", dtype=object),
    texts=np.zeros((3, 1), np.float32),
    targets=[np.array([1, 4 + 3, 8 + 1]), np.array([0])],
)


@pytest.fixture(scope="module")
def traffic() -> EvalTraffic:
    return EvalTraffic.of_cases(CASES, ["tea", "", "tea", "grün"], USERS, ITEMS)


def test_rows_become_names_and_what_is_unknown_is_left_out(traffic: EvalTraffic) -> None:
    assert traffic == EvalTraffic(
        user_ids=["bert", "anna", ""],
        queries=["tea", "grün"],
        item_ids=["milk", "soap"],
    )


def test_of_many_cases_an_even_draw_is_kept() -> None:
    count = 10 * LARGEST + 3
    names = ("numbers", "users", "history", "event_types", "ages", "queries", "texts")
    many = Cases(**{name: np.resize(getattr(CASES, name), (count, *getattr(CASES, name).shape[1:])) for name in names},
                 targets=CASES.targets)  # fmt: skip
    assert len(EvalTraffic.of_cases(many, [], USERS, ITEMS).user_ids) == LARGEST


def test_who_is_not_among_the_users_is_a_stranger(traffic: EvalTraffic) -> None:
    assert traffic.of_users({"anna"}) == replace(traffic, user_ids=["", "anna", ""])


def test_it_is_read_back(traffic: EvalTraffic, tmp_path: Path) -> None:
    traffic.save(tmp_path / "new" / "traffic.json")
    assert EvalTraffic.load(tmp_path / "new" / "traffic.json") == traffic


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"user": []}'])
def test_another_file_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "traffic.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"^{path}: not the traffic of an eval window: "):
        EvalTraffic.load(path)
