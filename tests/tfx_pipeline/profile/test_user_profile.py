"""From the files of a run directory to a profile, and who must not be in one."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.profile.printing import print_profile
from tfx_pipeline.profile.stored_shop import StoredShop, read_stored_shop
from tfx_pipeline.profile.user_profile import profile_of, user_profile
from tfx_pipeline.sources.forgotten_users import add


def test_the_shop_is_read_as_it_was_stored(run_dir: Path, shop: StoredShop) -> None:
    read = read_stored_shop(run_dir)
    for name in ("user_ids", "items", "ages", "titles", "item_ids", "categories", "prices"):
        np.testing.assert_array_equal(getattr(read, name), getattr(shop, name))
    for level in range(3):
        assert read.category_names[level].tolist() == shop.category_names[level].tolist()
    assert user_profile("ann", run_dir) == profile_of(shop, 0)


def test_a_profile_as_json(run_dir: Path) -> None:
    document = json.loads(user_profile("bob", run_dir, level=1).to_json())
    assert (document["user_id"], document["events"], document["items"], document["price"]) == ("bob", 3, 3, None)
    assert [each["category"] for each in document["interests"]] == ["food", "home"]
    assert {each["user_id"] for each in document["nearest"]} == {"ann", "cleo"}


@pytest.mark.parametrize("user", ["nobody", "", "Ann"])
def test_an_unknown_user(run_dir: Path, user: str) -> None:
    with pytest.raises(PipelineError) as caught:
        user_profile(user, run_dir)
    assert str(caught.value) == f"{run_dir}: the served model knows no user {user!r}"


def test_a_forgotten_user_is_in_no_profile(run_dir: Path) -> None:
    before = user_profile("ann", run_dir)
    assert [near.user_id for near in before.nearest] == ["bob"]
    add(run_dir, "bob")
    with pytest.raises(PipelineError, match="the served model knows no user 'bob'"):
        user_profile("bob", run_dir)
    after = user_profile("ann", run_dir)
    assert after.nearest == []
    assert after.repeats.of_shop == pytest.approx(2 / 5)


def test_a_run_without_a_version(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="no version to ask about a user; a run that is blessed pushes one$"):
        user_profile("ann", tmp_path)


def test_a_version_whose_parts_are_gone(run_dir: Path) -> None:
    (run_dir / "tfx" / "ranker.keras").unlink()
    with pytest.raises(PipelineError, match="the ranker of the model is not there any more$"):
        user_profile("ann", run_dir)


def test_a_profile_on_the_console(run_dir: Path) -> None:
    console = Console(width=160, record=True, file=StringIO())
    print_profile(user_profile("ann", run_dir), console)
    shown = console.export_text()
    assert "ann: the last 4 events, with 2 items" in shown
    assert "Prices" not in shown
    assert "Repeats: 50 % of the events, all users 25 %" in shown
    assert all(word in shown for word in ("rye bread", "food > bread", "bob", "135"))


def test_no_tensorflow_for_a_profile(run_dir: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from tfx_pipeline.profile.user_profile import user_profile
user_profile("ann", Path({str(run_dir)!r}))
print(sorted({{"tensorflow", "keras", "tfx"}} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
