"""Files that Open Bandit Pipeline reads by itself."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.tfx_pipeline.feedback import log_makers as makers
from tfx_pipeline.feedback.join import joined_log
from tfx_pipeline.feedback.obp_export import export_obp

BENCHMARK_PYTHON = Path(__file__).resolve().parents[3] / ".venv-bench" / "bin" / "python"
READ_BY_OBP = """
import importlib, json, sys, types
from importlib.util import find_spec

if find_spec("torch") is None:
    # `import obp` imports all of its policies, and two of them need torch. The reader does not: only the packages
    # around its module are left empty.
    (folder,) = find_spec("obp").submodule_search_locations
    for name, path in (("obp", folder), ("obp.dataset", folder + "/dataset")):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [path]
OpenBanditDataset = importlib.import_module("obp.dataset.real").OpenBanditDataset
dataset = OpenBanditDataset(behavior_policy="random", campaign="men", data_path=sys.argv[1])
feedback = dataset.obtain_batch_bandit_feedback()
arrays = {name: values.tolist() if hasattr(values, "tolist") else values for name, values in feedback.items()}
print(json.dumps(arrays | {"slate_id": dataset.data["slate_id"].tolist(), "len_list": dataset.len_list}))
"""
OBJECTIVES = {"click": (["click"], 1.0), "purchase": (["buy"], 1.5)}


def write_log(folder: Path) -> None:
    """Six slates at different times, of three of the items a to d."""
    slates = [
        makers.shown_row(
            f"r{row}",
            ("abcd" * 2)[row % 4 : row % 4 + 3],
            100 + row,
            query="red" if row % 2 else "",
            history_item_ids=["x"] * row,
            history_event_types=["view"] * row,
            history_ages=[1.0] * row,
        )
        for row in range(6)
    ]
    makers.write_rows(folder / "shown" / "1.parquet", slates)
    events = [makers.outcome_row("r0", "b", "click"), makers.outcome_row("r3", "d", "click")]
    makers.write_rows(folder / "outcomes" / "1.parquet", [*events, makers.outcome_row("r3", "d", "buy")])


@pytest.fixture
def joined(tmp_path: Path):
    write_log(tmp_path / "log")
    return joined_log(tmp_path / "log", OBJECTIVES, 50, now=1000)


def test_the_files_have_every_slot_and_every_item(tmp_path: Path, joined) -> None:
    folder = export_obp(joined, tmp_path, "men")
    assert folder == tmp_path / "random" / "men"
    assert sorted(path.name for path in folder.iterdir()) == ["item_context.csv", "item_index.csv", "men.csv"]
    index = pd.read_csv(folder / "item_index.csv").set_index("item_id")["catalogue_item_id"]
    assert index.to_dict() == {0: "a", 1: "b", 2: "c", 3: "d"}
    rounds = pd.read_csv(folder / "men.csv", index_col=0)
    assert index[rounds["item_id"]].tolist() == joined.item_ids.tolist()
    assert rounds["position"].tolist() == [1, 2, 3] * 6
    assert rounds["click"].tolist() == joined.rewards.tolist()
    # pandas reads the last digit of some numbers as its neighbour.
    assert rounds["propensity_score"].tolist() == pytest.approx(joined.propensities, rel=1e-15)
    assert rounds["slate_id"].tolist() == joined.request.tolist()
    assert rounds["user_feature_0"].unique().tolist() == [
        "history 0",
        "history 1 to 1",
        "history 2 to 3",
        "history 4 to 7",
    ]
    assert rounds["user_feature_1"].unique().tolist() == ["none", "view"]
    assert rounds["user_feature_2"].unique().tolist() == ["no query", "query"]
    seconds = pd.to_datetime(rounds["timestamp"], utc=True).astype("int64") // 10**9
    assert seconds.tolist() == joined.timestamps[joined.request].tolist()
    items = pd.read_csv(folder / "item_context.csv", index_col=0)
    means = [joined.predicted[joined.item_ids == item].mean() for item in "abcd"]
    assert items["item_feature_0"].tolist() == pytest.approx(means)


def test_rewards_of_zero_and_one_stay_integers(tmp_path: Path) -> None:
    write_log(tmp_path / "log")
    joined = joined_log(tmp_path / "log", {"click": (["click"], 1.0)}, 50, now=1000)
    rounds = pd.read_csv(export_obp(joined, tmp_path / "out") / "all.csv", index_col=0)
    assert rounds["click"].dtype == np.int64
    assert rounds["click"].sum() == 2


@pytest.mark.skipif(not BENCHMARK_PYTHON.exists(), reason="needs Open Bandit Pipeline: make bench-setup")
def test_open_bandit_pipeline_reads_the_export(tmp_path: Path, joined) -> None:
    export_obp(joined, tmp_path, "men")
    command = [BENCHMARK_PYTHON, "-c", READ_BY_OBP, tmp_path]
    run = subprocess.run(command, capture_output=True, text=True, timeout=240)
    if "No module named 'obp'" in run.stderr or "'NoneType' object has no attribute" in run.stderr:
        pytest.skip("needs Open Bandit Pipeline: make bench-setup")
    assert run.returncode == 0, run.stderr
    feedback = json.loads(run.stdout)
    assert (feedback["n_rounds"], feedback["n_actions"], feedback["len_list"]) == (18, 4, 3)
    columns = ("slate_id", "position", "action", "reward", "pscore")
    items = np.searchsorted(["a", "b", "c", "d"], joined.item_ids.astype(str)).tolist()
    ours = zip(joined.request.tolist(), joined.slot.tolist(), items, joined.rewards, joined.propensities, strict=True)
    # The package sorts by time, and slots of one slate have one time.
    theirs = zip(*(feedback[name] for name in columns), strict=True)
    np.testing.assert_allclose(sorted(theirs), sorted(ours), rtol=1e-15)
    assert np.array(feedback["context"]).shape == (18, 5)
    assert np.array(feedback["action_context"]).shape == (4, 2)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("children", "random"), "campaign: Open Bandit Pipeline takes one of all, men, women, not 'children'"),
        (("all", "thompson"), "behavior_policy: Open Bandit Pipeline takes one of random, bts, not 'thompson'"),
    ],
)
def test_names_that_the_package_does_not_take_are_refused(tmp_path: Path, joined, names, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        export_obp(joined, tmp_path, *names)


def test_nothing_is_no_export(tmp_path: Path) -> None:
    write_log(tmp_path / "log")
    joined = joined_log(tmp_path / "log", OBJECTIVES, 50, now=120)
    with pytest.raises(ValueError, match=r"^there is no shown slot to export: are all slates too young\?$"):
        export_obp(joined, tmp_path)
