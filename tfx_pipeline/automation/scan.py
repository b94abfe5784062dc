"""Looks at all users and items of a shop."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.automation.behaviour import Groups
from tfx_pipeline.automation.event_table import EventTable, training_events
from tfx_pipeline.automation.findings import Findings, Looked, Suspect
from tfx_pipeline.automation.listing import write_listing
from tfx_pipeline.automation.score import reasons, score
from tfx_pipeline.automation.signs import ITEM_SIGNS, USER_SIGNS, Sign, measure
from tfx_pipeline.automation_config import AutomationConfig
from tfx_pipeline.evaluate.shop_tables import open_shop_tables
from tfx_pipeline.sources.report import IngestReport
from tfx_pipeline.split import Split
from tfx_pipeline.split_tables import read_split


def scan_source(source: Path, output: Path | None = None) -> Findings:
    """Score the users and items of a run directory or of a configuration, with the settings that it has.

    Args:
        source: A run directory, whose ingested tables are read, or the YAML file of a shop.
        output: Folder that gets the listing as files.

    Raises:
        ConfigError: The configuration cannot be used.
        DataError: The shop's data cannot be used.
        PipelineError: No run is recorded in the directory.
    """
    with open_shop_tables(source) as shop:
        decided = read_split(shop.folder, shop.config.split)
        findings, events = scan_tables(shop.folder, decided, shop.config.automation)
    if output is not None:
        write_listing(findings, events, output)
    return findings


def scan_tables(tables: Path, split: Split, settings: AutomationConfig) -> tuple[Findings, pa.Table]:
    """Score the users and items of ingested tables by their events before the eval window.

    Args:
        tables: Ingested tables.
        split: What decides the window of an event.
        settings: The threshold, and what happens.

    Returns:
        What was found, and the events of the suspicious users before the eval window.
    """
    events = training_events(tables, split)
    findings = scan(EventTable.from_events(events, IngestReport.load(tables).time == "clock"), settings)
    names = pa.array([suspect.name for suspect in findings.users.suspects], pa.string())
    return findings, events.filter(pc.is_in(events["user_id"], value_set=names))


def scan(events: EventTable, settings: AutomationConfig) -> Findings:
    """Score the users and items of some events.

    A conversion is an event of the rarest type; with one type of events the sign is not known.
    """
    counts = np.bincount(events.types, minlength=len(events.event_types))
    is_conversion = events.types == (counts.argmin() if len(counts) > 1 else -1)
    users = Groups.of(events.users, events.items, events.times, len(events.user_ids))
    items = Groups.of(events.items, events.users, events.times, len(events.item_ids))
    return Findings(
        users=_look(USER_SIGNS, users, events.users[is_conversion], events.user_ids, events.has_clock, settings),
        items=_look(ITEM_SIGNS, items, events.items[is_conversion], events.item_ids, events.has_clock, settings),
        threshold=settings.threshold,
        left_out=settings.action == "filter",
    )


def _look(
    signs: tuple[Sign, ...],
    groups: Groups,
    converted: np.ndarray,
    names: np.ndarray,
    has_clock: bool,
    settings: AutomationConfig,
) -> Looked:
    """Score the groups; `converted` are the rows of the groups of the conversions."""
    values = measure(signs, groups, np.bincount(converted, minlength=len(groups)), has_clock)
    scores = score(signs, values, groups.sizes, settings.minimum_events)
    found = np.flatnonzero(scores.total >= settings.threshold)
    found = found[np.argsort(-scores.total[found], kind="stable")]
    suspects = [
        Suspect(
            str(names[group]),
            round(float(scores.total[group]), 2),
            int(groups.sizes[group]),
            reasons(signs, scores, values, group),
        )
        for group in found.tolist()
    ]
    return Looked(
        int((groups.sizes > 0).sum()), int((groups.sizes >= settings.minimum_events).sum()), len(groups.times), suspects
    )
