"""New and changed items into the model that is served, without training: a new version beside the others."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from tfx_pipeline.config import load_config
from tfx_pipeline.environment import prepare_environment
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.ledger import Ledger
from tfx_pipeline.feedback.lineage import sharing_versions
from tfx_pipeline.new_items_table import NewItems, read_new_items
from tfx_pipeline.new_version import WAIT_SECONDS, next_version, served_version, sole_writer, version_after
from tfx_pipeline.number_format import format_count, format_seconds
from tfx_pipeline.run_log import log_to
from trainer.damaged_files import DamagedFileError, read_whole
from trainer.export_checks.errors import ExportCheckError
from trainer.item_records import ItemRecord, merged, read_records, write_records
from trainer.model_files import NEW_ITEMS_FILE, POSTERIOR_FILE, SAVED_TRAFFIC_FILE
from trainer.model_parts import ModelParts, ModelPartsError

if TYPE_CHECKING:
    from trainer.refreshed_model import RefreshedModel

QUARANTINE_FILE = Path("quarantine") / "new_items.csv"
"""In the run directory: rows of the last file that could not be kept."""


@dataclass(frozen=True)
class Refresh:
    """What a refresh did.

    Attributes:
        version: The new version.
        served: The version that it was made from.
        path: Folder of the new version.
        added: Items that the served version did not have.
        updated: Items that it had.
        hidden: Items of the new version that are in no answer.
        items: Items of the new version.
        seconds: Wall time.
    """

    version: int
    served: int
    path: Path
    added: int
    updated: int
    hidden: int
    items: int
    seconds: float


def refresh_index(items: Path, run_dir: Path, wait_seconds: float = WAIT_SECONDS) -> Refresh:
    """Write a version whose catalogue has the items of a file; all that was trained is the served version's.

    Items of earlier refreshes stay. A server that watches the folder of the versions takes the new one by itself.

    Args:
        items: New and changed items, see `read_new_items`.
        run_dir: Directory of the run.
        wait_seconds: How long to wait for another command that writes a version of this run.

    Raises:
        PipelineError: The run has pushed no version, an artifact of it is missing or damaged, or another command is
            still writing.
        DataError: The file cannot be used. Either way no version is written.
    """
    started = time.monotonic()
    run_dir = run_dir.resolve()
    served_version(run_dir, "refresh")
    config = load_config(run_dir / "config.yaml")
    new = read_new_items(items, config.data, run_dir / QUARANTINE_FILE)
    log = run_dir / "logs" / f"refresh-{datetime.now(timezone.utc):%Y%m%dT%H%M%S}.log"
    prepare_environment()
    with sole_writer(run_dir, wait_seconds), log_to(log) as console:
        number, served = served_version(run_dir, "refresh")
        _tell_rows(console, items, new, run_dir)
        try:
            model = _write(console, run_dir / "tfx", served, new.records)
        except (ModelPartsError, DamagedFileError, ExportCheckError) as error:
            raise PipelineError(str(error)) from error
    version = version_after(served)
    return Refresh(
        version=version,
        served=number,
        path=served.with_name(str(version)),
        added=model.added,
        updated=model.updated,
        hidden=model.hidden,
        items=model.items,
        seconds=time.monotonic() - started,
    )


def print_refresh(refresh: Refresh) -> None:
    """Print what a refresh did."""
    counts = {"new": refresh.added, "updated": refresh.updated, "hidden": refresh.hidden}
    told = ", ".join(f"{format_count(count)} {name}" for name, count in counts.items())
    console = Console()
    console.print(f"version {refresh.version}: {format_count(refresh.items)} items, {told}", highlight=False)
    console.print(f"made from version {refresh.served} in {format_seconds(refresh.seconds)}", highlight=False)
    console.print(str(refresh.path), highlight=False, soft_wrap=True)


def _write(console: Console, root: Path, served: Path, records: list[ItemRecord]) -> "RefreshedModel":
    """Put the new version together aside and rename it; `root` is TFX's folder of the run."""
    with _step(console, "reading the served version"):
        from trainer.export_checks.graph_ops import check_ops
        from trainer.refreshed_model import RefreshedModel

        parts = ModelParts.load(served, root)
        earlier = read_whole(served / NEW_ITEMS_FILE, read_records) if (served / NEW_ITEMS_FILE).exists() else []
        model = RefreshedModel(parts, served / POSTERIOR_FILE, str(version_after(served)))
    with _step(console, "encoding texts"), _progress(console) as progress:
        model.refresh(earlier, records, root / "text_cache", progress)
    with next_version(served) as aside, _step(console, "writing the new version"):
        traffic = served / SAVED_TRAFFIC_FILE
        model.export(aside, traffic if traffic.exists() else None)
        check_ops(aside)
        shutil.copyfile(served / POSTERIOR_FILE, aside / POSTERIOR_FILE)
        parts.save(aside)
        write_records(merged(earlier, records), aside / NEW_ITEMS_FILE)
        _carry_ledger(served, aside)
    return model


def _carry_ledger(served: Path, aside: Path) -> None:
    """What the posterior has learned from stays known, and that the new version shares the ranker."""
    ledger = Ledger.load(served)
    ledger.shared_by([*sharing_versions(served, ledger), version_after(served)]).save(aside)


def _tell_rows(console: Console, items: Path, new: NewItems, run_dir: Path) -> None:
    rows = format_count(new.report.rows_kept)
    console.print(f"{items}: {rows} items with {', '.join(new.columns)}", highlight=False, soft_wrap=True)
    left_out = new.report.rows_read - new.report.rows_kept
    if left_out:
        place = run_dir / QUARANTINE_FILE
        console.print(f"{format_count(left_out)} rows left out, see {place}", highlight=False, soft_wrap=True)


@contextmanager
def _step(console: Console, name: str) -> Iterator[None]:
    """Tell how long a step took."""
    start = time.monotonic()
    yield
    console.print(f"{name:<28}{format_seconds(time.monotonic() - start):>11}", highlight=False)


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing elsewhere; yields what is to be told the texts done and all texts."""
    with Progress(console=console, transient=True, disable=not console.is_interactive) as bar:
        task = bar.add_task("encoding texts", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
