"""The data sets by name."""

from pathlib import Path

import pytest

from tfx_pipeline.datasets.dataset import DATASETS, dataset_names, load_dataset
from tfx_pipeline.sources.errors import DataError

DOCUMENT = Path(__file__).parents[3] / "docs" / "datasets.md"
DOWNLOADED = [name for name in dataset_names() if name != "complete-journey"]


def test_names() -> None:
    assert dataset_names() == [
        "movielens-100k",
        "movielens-1m",
        "movielens-20m",
        "retailrocket",
        "amazon-reviews-2014",
        "amazon-reviews-2018",
        "amazon-reviews-2023",
        "wands",
        "esci",
        "online-retail",
        "online-retail-ii",
        "open-bandit",
        "rees46",
        "taobao",
        "complete-journey",
    ]


def test_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no data set is called 'movielens'; there are movielens-100k, movielens-1m, m"):
        load_dataset("movielens", tmp_path, tmp_path)


@pytest.mark.parametrize("name", DOWNLOADED)
def test_no_folder_given(name: str, run_dir: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_dataset(name, None, run_dir)
    message = str(caught.value)
    assert message.startswith(f"data set {name}: no data_dir given, the folder with {DATASETS[name].needed}")
    assert message.endswith(f"; download it from {DATASETS[name].where}")


@pytest.mark.parametrize("name", dataset_names())
def test_no_such_folder(name: str, tmp_path: Path, run_dir: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_dataset(name, tmp_path / "absent", run_dir)
    assert str(caught.value).startswith(f"{tmp_path / 'absent'}: data set {name}: no such folder, it should hold ")


@pytest.mark.parametrize("name", dataset_names())
def test_an_empty_folder_names_every_file_and_where_to_get_it(name: str, data_dir: Path, run_dir: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_dataset(name, data_dir, run_dir)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{data_dir}: data set {name}: missing ")
    for file in DATASETS[name].files:
        assert (str(file) in message) == (not file.optional)
    assert message.endswith(f"; download it from {DATASETS[name].where}")
    assert not run_dir.exists()


def test_the_document_has_every_data_set() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    for dataset in DATASETS.values():
        assert f"`{dataset.name}`" in document
        assert dataset.where.split()[0] in document
