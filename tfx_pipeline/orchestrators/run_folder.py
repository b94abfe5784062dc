"""The run directory inside a container: what a stage is told of it, and what becomes of it in the store.

A stage runs in a container of its own, which has no run directory. What it names below `FOLDER` comes out of the store
before the stage runs, and what it wrote there goes into the store afterwards.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tfx_pipeline.remote_files import copy_file, copy_tree, exists, join, list_files
from tfx_pipeline.run_directory import serving_dir

FOLDER = Path("/shoprank/run")
"""Stands for the run directory in what is compiled for containers of other machines."""

ARTIFACTS = "tfx"
"""The folder of the stages' outputs in a run directory: they come and go by name, not with the rest."""


def named_places(texts: Sequence[str], folder: Path) -> list[str]:
    """Relative paths of the places in the run directory that the properties of a stage name; '' for all of it.

    Args:
        texts: The properties of the stage: paths, or JSON that contains paths.
        folder: The run directory in the container.
    """
    pattern = re.compile(re.escape(str(folder)) + r'(?![\w.-])(?:/([^"\\\s]*))?')
    return sorted({(match[1] or "").strip("/") for text in texts for match in pattern.finditer(text)})


@contextmanager
def run_folder(texts: Sequence[str], folder: Path, root: str) -> Iterator[None]:
    """Have what a stage names of the run directory at hand, and keep what it writes there.

    What a stage that fails wrote is kept too: the rows of the quarantine say why it failed.

    Args:
        texts: As for `named_places`.
        folder: The run directory in the container.
        root: Its address in the store.

    Raises:
        PipelineError: The store refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for place in named_places(texts, folder):
        _fetch(place, folder, root)
    before = _state(folder)
    try:
        yield
    finally:
        changed = [path for path, state in _state(folder).items() if before.get(path) != state]
        for path in sorted(changed, key=lambda path: (path.name == "saved_model.pb", path)):
            relative = path.relative_to(folder).as_posix()
            copy_file(str(path), join(root, relative))


def _fetch(place: str, folder: Path, root: str) -> None:
    if place:
        # What a stage is yet to write is not there, and must not be made as a folder.
        if exists(join(root, place)) or list_files(join(root, place)):
            copy_tree(join(root, place), str(folder / place))
        return
    names = [name for name in list_files(root) if not name.startswith((f"{ARTIFACTS}/", "logs/"))]
    versions = serving_dir(Path()).as_posix() + "/"
    pushed = {int(number) for name in names if (number := _version(name, versions)).isdecimal()}
    for name in names:
        number = _version(name, versions)
        # Of the versions a stage asks for the last one alone.
        if not number.isdecimal() or int(number) == max(pushed):
            copy_file(join(root, name), str(folder / name))


def _version(name: str, versions: str) -> str:
    return name.removeprefix(versions).partition("/")[0] if name.startswith(versions) else ""


def _state(folder: Path) -> dict[Path, tuple[int, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: ((stat := path.stat()).st_mtime_ns, stat.st_size) for path in files}
