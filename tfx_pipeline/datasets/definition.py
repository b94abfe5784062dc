"""What a public data set is, and a user's download of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tfx_pipeline.config import Config
from tfx_pipeline.sources.errors import DataError


class PublishedFile(NamedTuple):
    """A file of a data set.

    Attributes:
        names: Names relative to the folder of the data set, or patterns such as `meta_*.json`; any of them will do.
            Each may also be gzip, with `.gz` after its name.
        what: What the file holds.
        optional: Whether the data set can be read without it.
    """

    names: tuple[str, ...]
    what: str
    optional: bool = False

    def __str__(self) -> str:
        """Its names and what it holds, for a message."""
        return f"{' or '.join(self.names)} ({self.what})"


@dataclass(frozen=True)
class Dataset:
    """A public data set.

    Attributes:
        name: What users call it.
        title: What it is, for people.
        files: Its files.
        where: Where to download it, and which archive.
        licence: Under which terms, in one line.
        configure: Makes the configuration of a run from a download that has the needed files.
        folders: Folders that its archive unpacks to; a user may name such a folder, or the one that it lies in.
        installed: Gives the folder of a Python package with the files, for users who name no folder.
    """

    name: str
    title: str
    files: tuple[PublishedFile, ...]
    where: str
    licence: str
    configure: Callable[["Download"], Config]
    folders: tuple[str, ...] = ()
    installed: Callable[[], Path] | None = None

    @property
    def needed(self) -> str:
        """The files that a user must have, for a message."""
        return ", ".join(str(file) for file in self.files if not file.optional)

    def error(self, place: Path | None, problem: str) -> DataError:
        """An error that says what is wrong with a download, and where to get a sound one."""
        start = "" if place is None else f"{place}: "
        return DataError(f"{start}data set {self.name}: {problem}; download it from {self.where}")


@dataclass(frozen=True)
class Download:
    """The files of a data set as a user has them.

    Attributes:
        dataset: What was downloaded.
        folder: Where its files are.
        run_dir: Where the run writes.
    """

    dataset: Dataset
    folder: Path
    run_dir: Path

    def paths(self, *names: str) -> list[Path]:
        """The files that have one of some names or patterns, plain or gzip; by name, in the order of the patterns."""
        return list(dict.fromkeys(path for name in names for path in _matches(self.folder, name)))

    def path(self, *names: str) -> Path:
        """The first file that has one of some names.

        Raises:
            DataError: There is none.
        """
        found = self.paths(*names)
        if not found:
            raise self.error(f"no {' or '.join(names)}")
        return found[0]

    def prepared(self, name: str) -> Path:
        """Where a table that had to be rewritten lies."""
        return self.run_dir / "prepared" / self.dataset.name / f"{name}.parquet"

    def error(self, problem: str) -> DataError:
        """An error that says what is wrong with the download."""
        return self.dataset.error(self.folder, problem)


def open_download(dataset: Dataset, data_dir: Path | None, run_dir: Path) -> Download:
    """Find the files of a data set.

    Args:
        dataset: The data set.
        data_dir: The folder with its files, or the one in which its archive was unpacked; None where a Python package
            brings them.
        run_dir: Where the run writes.

    Raises:
        DataError: The folder or a needed file is missing.
    """
    if data_dir is None:
        if dataset.installed is None:
            raise dataset.error(None, f"no data_dir given, the folder with {dataset.needed}")
        data_dir = dataset.installed()
    if not data_dir.is_dir():
        raise dataset.error(data_dir, f"no such folder, it should hold {dataset.needed}")
    data_dir = data_dir.resolve()
    candidates = [data_dir, *(data_dir / folder for folder in dataset.folders)]
    missing = {folder: [str(file) for file in dataset.files if not _is_there(folder, file)] for folder in candidates}
    folder = min(candidates, key=lambda candidate: len(missing[candidate]))
    if missing[folder]:
        raise dataset.error(folder, f"missing {', '.join(missing[folder])}")
    return Download(dataset, folder, run_dir.resolve())


def _is_there(folder: Path, file: PublishedFile) -> bool:
    return file.optional or any(True for name in file.names for _ in _matches(folder, name))


def _matches(folder: Path, name: str) -> Iterator[Path]:
    for pattern in (name, f"{name}.gz"):
        yield from (path for path in sorted(folder.glob(pattern)) if path.is_file())
