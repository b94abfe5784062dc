"""Downloads: which files are there, and in which folder."""

from pathlib import Path

import pytest

from tfx_pipeline.config import Config
from tfx_pipeline.datasets.definition import Dataset, Download, PublishedFile, open_download
from tfx_pipeline.sources.errors import DataError


def configure(download: Download) -> Config:
    raise AssertionError("not called")


SET = Dataset(
    name="toys",
    title="Toys",
    files=(
        PublishedFile(("log.csv", "log_*.csv"), "events"),
        PublishedFile(("toys.csv",), "items"),
        PublishedFile(("more.csv",), "more", optional=True),
    ),
    where="https://example.com (toys.zip)",
    licence="MIT",
    configure=configure,
    folders=("toys-1",),
)


@pytest.mark.parametrize("folder", ["", "toys-1"])
@pytest.mark.parametrize("log", ["log.csv", "log.csv.gz", "log_1.csv"])
def test_files_are_found(data_dir: Path, run_dir: Path, folder: str, log: str) -> None:
    (data_dir / folder).mkdir(exist_ok=True)
    for name in (log, "toys.csv"):
        (data_dir / folder / name).touch()
    download = open_download(SET, data_dir, run_dir)
    assert download.folder == data_dir / folder
    assert download.path("log.csv", "log_*.csv") == data_dir / folder / log
    assert download.paths("more.csv") == []
    assert download.prepared("items") == run_dir / "prepared" / "toys" / "items.parquet"


def test_paths_are_in_order_and_once(data_dir: Path, run_dir: Path) -> None:
    for name in ("log_b.csv.gz", "log_b.csv", "log_a.csv"):
        (data_dir / name).touch()
    (data_dir / "log_c.csv").mkdir()
    download = Download(SET, data_dir, run_dir)
    names = [path.name for path in download.paths("log_b.csv", "log_*.csv")]
    assert names == ["log_b.csv", "log_b.csv.gz", "log_a.csv"]


def test_the_folder_that_has_more_is_named(data_dir: Path, run_dir: Path) -> None:
    (data_dir / "toys-1").mkdir()
    (data_dir / "toys-1" / "log.csv").touch()
    with pytest.raises(DataError) as caught:
        open_download(SET, data_dir, run_dir)
    assert str(caught.value) == (
        f"{data_dir / 'toys-1'}: data set toys: missing toys.csv (items); download it from "
        "https://example.com (toys.zip)"
    )


def test_a_file_that_is_absent(data_dir: Path, run_dir: Path) -> None:
    with pytest.raises(DataError, match=r"data set toys: no more\.csv; download it from https://example\.com"):
        Download(SET, data_dir, run_dir).path("more.csv")
