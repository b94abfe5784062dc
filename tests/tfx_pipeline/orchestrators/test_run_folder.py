import json
from pathlib import Path

import pytest

from tfx_pipeline.orchestrators.run_folder import named_places, run_folder
from tfx_pipeline.remote_files import copy_tree, list_files

FOLDER = Path("/shoprank/run")


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("/shoprank/run", [""]),
        ("/shoprank/run/tfx/text_cache", ["tfx/text_cache"]),
        (json.dumps({"run_dir": "/shoprank/run", "log": "/shoprank/run/feedback"}), ["", "feedback"]),
        (json.dumps({"settings": json.dumps({"base": "/shoprank/run/serving"})}), ["serving"]),
        ("/shoprank/running/schema /shoprank/run-2 /shoprank/run.old", []),
        ("gs://bucket/events.csv", []),
    ],
)
def test_what_properties_name(text: str, places: list[str]) -> None:
    assert named_places([text], FOLDER) == places


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A run directory in a store, after two pushed versions."""
    local = tmp_path / "local"
    for name in (
        "forgotten_users.txt",
        "schema/users.pbtxt",
        "tfx/Ingest/tables/1/ingest.json",
        "tfx/text_cache/a",
        "logs/old.log",
        "serving/shoprank/9/saved_model.pb",
        "serving/shoprank/10/saved_model.pb",
        "serving/models.config",
    ):
        (local / name).parent.mkdir(parents=True, exist_ok=True)
        (local / name).write_text(name)
    address = f"ram://{request.node.name}"
    copy_tree(str(local), address)
    return address


def files(folder: Path) -> list[str]:
    return list_files(str(folder))


def test_a_stage_finds_what_it_names(store: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with run_folder([f"{folder}/schema", f"{folder}/tfx/text_cache"], folder, store):
        assert files(folder) == ["schema/users.pbtxt", "tfx/text_cache/a"]


def test_the_whole_directory_is_without_artifacts_logs_and_older_versions(store: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with run_folder([json.dumps({"run_dir": str(folder)})], folder, store):
        pushed = ["serving/models.config", "serving/shoprank/10/saved_model.pb"]
        assert files(folder) == ["forgotten_users.txt", "schema/users.pbtxt", *pushed]


def test_a_stage_that_names_nothing_fetches_nothing(store: str, tmp_path: Path) -> None:
    with run_folder(["gs://bucket/x"], tmp_path / "run", store):
        assert files(tmp_path / "run") == []


def test_what_changed_goes_into_the_store_though_the_stage_fails(tmp_path: Path) -> None:
    # TensorFlow's ram:// appends to a file that is there, as no other store does.
    folder, store = tmp_path / "run", f"file://{tmp_path}/store"
    (tmp_path / "store" / "schema").mkdir(parents=True)
    (tmp_path / "store" / "schema" / "users.pbtxt").write_text("frozen")
    with pytest.raises(RuntimeError, match="too many bad rows"), run_folder([str(folder)], folder, store):
        (folder / "quarantine").mkdir()
        (folder / "quarantine" / "events.csv").write_text("bad")
        (folder / "schema" / "users.pbtxt").write_text("changed by the stage")
        raise RuntimeError("too many bad rows")
    assert list_files(store) == ["quarantine/events.csv", "schema/users.pbtxt"]
    assert (tmp_path / "store" / "schema" / "users.pbtxt").read_text() == "changed by the stage"
