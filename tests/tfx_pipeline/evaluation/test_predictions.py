import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.metrics import score_rankings
from tfx_pipeline.evaluation.predictions import write_histories, write_predictions, write_targets
from tfx_pipeline.evaluation.rankings import Rankings, without_history

YARDSTICK = Path(__file__).parents[4] / "shared" / "tools" / "score.py"
RANKED = np.array([[2, 0], [1, -1]], np.int32)
ITEM_IDS = ["01", 'a "b", c', "x"]
CUTOFFS = [10, 20]


@pytest.mark.parametrize("name", ["lists.csv", "lists.csv.gz", "lists.parquet"])
def test_one_line_a_rank(tmp_path: Path, name: str) -> None:
    path = tmp_path / "made" / name
    write_predictions(path, ["ann", "ben"], RANKED, ITEM_IDS, np.array([[0.75, 0.5], [0.25, 0.0]]))
    table = pd.read_parquet(path) if name.endswith("parquet") else pd.read_csv(path, dtype={"item_id": str})
    assert table.to_dict("list") == {
        "user_id": ["ann", "ann", "ben"],
        "item_id": ["x", "01", 'a "b", c'],
        "rank": [1, 2, 1],
        "score": [0.75, 0.5, 0.25],
    }
    assert [entry.name for entry in path.parent.iterdir()] == [name]


def test_scores_are_optional(tmp_path: Path) -> None:
    write_predictions(tmp_path / "lists.csv", ["ann", "ben"], RANKED, ITEM_IDS)
    assert list(pd.read_csv(tmp_path / "lists.csv")) == ["user_id", "item_id", "rank"]


@pytest.mark.parametrize(
    ("name", "users", "item_ids", "scores", "message"),
    [
        (
            "lists.txt",
            ["a", "b"],
            ITEM_IDS,
            None,
            "lists are written as .csv, .csv.gz or .parquet",
        ),
        ("lists.csv", ["a"], ITEM_IDS, None, "rankings have shape (2, 2), expected one row for each of 1 users"),
        ("lists.csv", ["a", "b"], ITEM_IDS[:2], None, "rankings hold an item row outside the 2 item ids"),
        ("lists.csv", ["a", "b"], ITEM_IDS, np.zeros((2, 1)), "scores have shape (2, 1), rankings (2, 2)"),
    ],
)
def test_bad_input_writes_nothing(
    tmp_path: Path, name: str, users: list[str], item_ids: list[str], scores: np.ndarray | None, message: str
) -> None:
    path = tmp_path / name
    with pytest.raises(ValueError) as error:
        write_predictions(path, users, RANKED, item_ids, scores)
    assert str(error.value) == (f"{path}: {message}" if name.endswith("txt") else message)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def cases() -> EvaluationCases:
    random = np.random.default_rng(3)
    users, items = 200, 60
    history = [random.integers(0, items, size).tolist() for size in random.integers(1, 40, users)]
    targets = [random.integers(0, items, size).tolist() for size in random.integers(1, 15, users)]
    return EvaluationCases.from_lists([f"u{i}" for i in range(users)], history, targets, items)


@pytest.mark.skipif(not YARDSTICK.exists(), reason=f"{YARDSTICK} is absent")
@pytest.mark.parametrize("repeats", ["all", "new"])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_outside_yardstick_agrees(tmp_path: Path, cases: EvaluationCases, repeats: str, ending: str) -> None:
    random = np.random.default_rng(5)
    ranked = np.stack([random.permutation(60) for _ in cases.user_ids])[:, :50].astype(np.int32)
    ranked[::7, 4:] = -1
    scored, part = ranked, cases
    if repeats == "new":
        part, indices = cases.new_only()
        scored = without_history(Rankings(ranked[indices]), part).items
    ours = score_rankings(scored, part, CUTOFFS)
    item_ids = [f"i{item}" for item in range(60)]
    files = {name: tmp_path / f"{name}.{ending}" for name in ("predictions", "targets", "history")}
    write_predictions(files["predictions"], cases.user_ids, ranked, item_ids)
    write_targets(files["targets"], cases, item_ids)
    write_histories(files["history"], cases, item_ids)
    users, theirs = run_yardstick(files, repeats)
    assert users == ours.users
    for name in theirs:
        assert theirs[name] == pytest.approx((ours.means[name], ours.standard_errors[name]), abs=5.1e-5)


def run_yardstick(files: dict[str, Path], repeats: str) -> tuple[int, dict[str, tuple[float, float]]]:
    flags = [part for name, path in files.items() for part in (f"--{name}", str(path))]
    command = [sys.executable, str(YARDSTICK), *flags, "--repeats", repeats, "--k", *map(str, CUTOFFS)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    rows = (line.split() for line in lines[2:])
    return int(lines[0].split()[0]), {name: (float(mean), float(error)) for name, mean, error in rows}
