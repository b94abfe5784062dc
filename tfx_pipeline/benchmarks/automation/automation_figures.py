"""The figures of the anomaly score: planted programs that it finds, and real users that it takes for one."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from tfx_pipeline.automation.event_table import EventTable
from tfx_pipeline.automation.findings import Findings
from tfx_pipeline.automation.scan import scan
from tfx_pipeline.automation_config import AutomationConfig
from tfx_pipeline.benchmarks.automation.planted_bots import BOT, KINDS, plant_bots
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.datasets.complete_journey import package_folder
from tfx_pipeline.simulator.hidden_truth import HiddenTruth
from tfx_pipeline.simulator.requests import GeneratedRequests
from tfx_pipeline.simulator.settings import SimulatorSettings
from tfx_pipeline.simulator.shop_tables import SLOTS, events_table
from tfx_pipeline.sources.errors import DataError

OF_EACH_KIND, SHOPS = 4, 3
_DISGUISED = "disguised"
_COLUMNS = ["user_id", "item_id", "event_type", "timestamp"]


def automation_figures(data_dir: Path) -> Iterator[Figure]:
    """Measure precision and recall on generated shops, and the share that is listed of real ones.

    Args:
        data_dir: Real data; what is absent is left out.
    """
    yield from _planted()
    for name, events in _real(data_dir):
        findings = scan(_table(events), AutomationConfig(action="report"))
        for side, looked in (("users", findings.users), ("items", findings.items)):
            share = len(looked.suspects) / max(looked.scored, 1)
            how = f"{looked.scored:,} with enough events; nobody knows whether some are programs"
            yield Figure.shown(f"{name}: listed {side}", share, "", how)


def _planted() -> Iterator[Figure]:
    found, people, disguised = 0, 0, 0
    for seed in range(1, SHOPS + 1):
        names = [suspect.name for suspect in planted_findings(seed).users.suspects]
        people += sum(not name.startswith(BOT) for name in names)
        disguised += sum(name.startswith(BOT + _DISGUISED) for name in names)
        found += sum(name.startswith(BOT) for name in names)
    found -= disguised
    planted = SHOPS * OF_EACH_KIND * (len(KINDS) - 1)
    how = f"{SHOPS} generated shops of 500 users, {OF_EACH_KIND} programs of each kind planted in each"
    yield Figure.at_least("planted programs found", found / planted, "", 0.9, how)
    yield Figure.at_least(
        "listed users that are programs", (found + disguised) / max(found + disguised + people, 1), "", 0.9, how
    )
    yield Figure.shown(
        "disguised programs found", disguised / (SHOPS * OF_EACH_KIND), "", f"their gaps are a person's; {how}"
    )


def planted_findings(seed: int) -> Findings:
    """What is found among 500 generated users and the planted programs."""
    truth = HiddenTruth.draw(SimulatorSettings(seed=seed))
    people = events_table(truth, GeneratedRequests.draw(truth, 20_000, SLOTS))
    events = pd.concat([people, plant_bots(truth, OF_EACH_KIND)])
    return scan(_table(events), AutomationConfig(action="report"))


def _table(events: pd.DataFrame) -> EventTable:
    ordered = events[_COLUMNS].sort_values(["user_id", "timestamp"], kind="stable")
    return EventTable.from_events(pa.Table.from_pandas(ordered, preserve_index=False))


def _real(data_dir: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    try:
        lines = pd.read_parquet(package_folder() / "transactions.parquet")
        yield "Complete Journey", _named(lines, "household_id", "product_id", "transaction_timestamp")
    except DataError:
        pass
    bandit, retail = data_dir / "open_bandit" / "bandit_log.csv.gz", data_dir / "online_retail" / "events.parquet"
    if retail.exists():
        lines = pd.read_parquet(retail)
        yield "Online Retail", _named(lines[lines["user_id"] != ""], "user_id", "item_id", "timestamp")
    if bandit.exists():
        log = pd.read_csv(bandit)
        # Users have no id there: those of equal features count as one.
        features = [name for name in log.columns if name.startswith("user_feature")]
        log["user_id"] = log[features].astype(str).agg("|".join, axis=1)
        for campaign, part in log.groupby("campaign"):
            types = np.where(part["click"] == 1, "click", "impression")
            yield f"Open Bandit, {campaign}", _named(part, "user_id", "item_id", "timestamp", types)


def _named(lines: pd.DataFrame, user: str, item: str, time: str, types: np.ndarray | str = "purchase") -> pd.DataFrame:
    seconds = pd.to_datetime(lines[time], utc=True).dt.tz_localize(None).astype("datetime64[s]").astype(np.int64)
    ids = {"user_id": lines[user].astype(str), "item_id": lines[item].astype(str)}
    return pd.DataFrame({**ids, "event_type": types, "timestamp": seconds})
