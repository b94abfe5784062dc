"""A shop's ingested tables: those of a run, or those that a configuration is ingested into for the occasion."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tfx_pipeline.config import Config, load_config
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.sources.errors import DataError

CONFIG_FILE = "config.yaml"
_METADATA = Path("tfx") / "metadata.db"
_YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class ShopTables:
    """Tables on the data contract, and the configuration that they were read with.

    Attributes:
        folder: The tables.
        config: The configuration.
        run_dir: The run that has them; None where they were ingested for the occasion.
    """

    folder: Path
    config: Config
    run_dir: Path | None


def is_run_directory(path: Path) -> bool:
    """Whether a run was made there."""
    return (path / CONFIG_FILE).is_file() and (path / _METADATA).is_file()


def is_configuration(path: Path) -> bool:
    """Whether a path is a YAML file by its name."""
    return path.suffix in _YAML


def run_output(run_dir: Path, stage: str, output: str) -> Path:
    """The folder that a stage of the last run wrote.

    A run directory may have been moved since: then the folder is looked for at its place below the directory.

    Raises:
        PipelineError: No run is recorded there, or the last one did not come so far.
    """
    # It takes seconds to import, and most models need no metadata.
    from tfx_pipeline.run_records import last_run

    if not (run_dir / _METADATA).is_file():
        raise PipelineError(f"{run_dir}: no run is recorded there, {_METADATA} is missing")
    record = last_run(run_dir / _METADATA).get(stage)
    if record is None or output not in record.outputs:
        raise PipelineError(f"{run_dir}: the last run has no output of its stage {stage}")
    folder = record.outputs[output]
    moved = run_dir.joinpath("tfx", *folder.parts[-3:])
    for place in (folder, moved):
        if place.is_dir():
            return place
    raise PipelineError(f"{run_dir}: the output of the stage {stage} is gone: {folder}")


@contextmanager
def open_shop_tables(data: Path) -> Iterator[ShopTables]:
    """The tables of a run directory, or of a YAML configuration; what had to be ingested is removed at the end.

    Raises:
        ConfigError: The configuration cannot be used.
        DataError: It is neither, or the shop's data cannot be used.
        PipelineError: No run is recorded in the directory.
    """
    if data.is_dir():
        if not (data / CONFIG_FILE).is_file():
            raise DataError(f"{data}: no run directory, {CONFIG_FILE} is missing")
        config = load_config(data / CONFIG_FILE)
        yield ShopTables(run_output(data, "Ingest", "tables"), config, data)
        return
    config = load_config(data)
    with tempfile.TemporaryDirectory(prefix="shoprank-evaluate-") as scratch:
        folder = Path(scratch) / "tables"
        folder.mkdir()
        _ingest(config, folder)
        yield ShopTables(folder, config, None)


def _ingest(config: Config, folder: Path) -> None:
    from tfx_pipeline.sources.forgotten_users import FORGOTTEN_USERS_FILE
    from tfx_pipeline.sources.ingest import check_tables, ingest

    check_tables(config.data)
    forgotten = config.run_dir / FORGOTTEN_USERS_FILE
    ingest(config.data, config.event_types, folder, config.run_dir / "quarantine", forgotten)
