import re
from pathlib import Path

import pytest

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.remote_files import copy_file, copy_tree, exists, is_remote, join, list_files


@pytest.fixture
def store(request: pytest.FixtureRequest) -> str:
    """A folder of TensorFlow's store in memory, which the same calls reach as `gs://`."""
    return f"ram://{request.node.name}"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"\0graph")
    (folder / "variables" / "part").write_bytes(b"weights")
    (folder / "version").write_text("7")
    return folder


def test_addresses() -> None:
    assert is_remote("gs://bucket/shop") and is_remote("s3://bucket") and not is_remote("/srv/shop")
    assert join("gs://bucket/shop/", "tfx/1") == "gs://bucket/shop/tfx/1"
    assert join("gs://bucket/shop", "") == "gs://bucket/shop"


def test_a_folder_goes_to_the_store_and_back(model: Path, store: str, tmp_path: Path) -> None:
    copy_tree(str(model), f"{store}/7")
    assert list_files(f"{store}/7/") == ["saved_model.pb", "variables/part", "version"]
    assert exists(f"{store}/7/variables/part") and not exists(f"{store}/8")
    copy_tree(f"{store}/7", str(tmp_path / "back"))
    for name in list_files(str(model)):
        assert (tmp_path / "back" / name).read_bytes() == (model / name).read_bytes()


def test_what_a_server_looks_for_comes_last(model: Path, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = []
    monkeypatch.setattr("tfx_pipeline.remote_files.copy_file", lambda _, destination: copied.append(destination))
    copy_tree(str(model), store)
    assert copied == [f"{store}/variables/part", f"{store}/version", f"{store}/saved_model.pb"]


def test_a_file_replaces_a_file(model: Path, tmp_path: Path) -> None:
    store = f"file://{tmp_path}/store"  # TensorFlow's ram:// appends to a file that is there, as no other store does.
    copy_tree(str(model / "version"), f"{store}/record/version")
    (model / "version").write_text("8")
    copy_file(str(model / "version"), f"{store}/record/version")
    copy_tree(f"{store}/record/version", str(tmp_path / "back" / "version"))
    assert (tmp_path / "back" / "version").read_text() == "8"


def test_what_is_not_there(store: str, tmp_path: Path) -> None:
    assert list_files(f"{store}/nothing") == [] and list_files(str(tmp_path / "nothing")) == []
    copy_tree(f"{store}/nothing", str(tmp_path / "empty"))
    assert (tmp_path / "empty").is_dir()
    with pytest.raises(PipelineError, match=rf"^{store}/nothing to {tmp_path}/file: NotFoundError$"):
        copy_file(f"{store}/nothing", str(tmp_path / "file"))


def test_a_store_that_tensorflow_does_not_know() -> None:
    advice = "this TensorFlow knows no such store; gs:// comes with it, s3:// with the package tensorflow-io"
    with pytest.raises(PipelineError, match=re.escape(f"nowhere://bucket/x: {advice}")):
        exists("nowhere://bucket/x")
