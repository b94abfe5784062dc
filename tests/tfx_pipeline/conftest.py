"""What several test modules of this package share."""

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pandas as pd
import pytest

from tfx_pipeline.answer_table import Answer, AnswerTable
from tfx_pipeline.evaluation.metrics import metric_names
from tfx_pipeline.evaluation.protocol import EvaluationRow, EvaluationTable, Items
from tfx_pipeline.run_summary import (
    Figure,
    Gate,
    RunSummary,
    StageTime,
    TableCount,
    WindowMetrics,
)
from tfx_pipeline.sources.event_files import shard_path
from tfx_pipeline.sources.report import REPORT_FILE, IngestReport, TableReport

CUTOFFS = (10, 20)


def evaluation_row(model: str, items: Items, first: float, users: int) -> EvaluationRow:
    names = metric_names(CUTOFFS)
    metrics = {name: first - step / 20 for step, name in enumerate(names)}
    return EvaluationRow(model, items, users, dict(metrics), dict.fromkeys(names, 0.0075))


WriteIngested = Callable[..., None]


@pytest.fixture
def write_ingested() -> WriteIngested:
    """Writes tables as ingestion leaves them: `write_ingested(folder, events, items, time="clock")`."""

    def write(folder: Path, events: pd.DataFrame, items: pd.DataFrame, time: str = "clock") -> None:
        ordered = events.sort_values(["user_id", "timestamp"], kind="stable")
        is_first = ordered["user_id"] < "bz"
        for shard, part in enumerate((ordered[is_first], ordered[~is_first])):
            path = shard_path(folder, shard, 2)
            path.parent.mkdir(exist_ok=True, parents=True)
            part.reset_index(drop=True).to_parquet(path)
        items.to_parquet(folder / "items.parquet")
        counts = (TableReport(len(table), len(table)) for table in (events, items))
        (folder / REPORT_FILE).write_text(IngestReport(*counts, time=time).to_json(), encoding="utf-8")

    return write


@pytest.fixture
def run_summary() -> RunSummary:
    """A made-up run: text that HTML and rich would take for markup, several windows, a cached stage."""
    rows = (
        evaluation_row("shoprank", "all", 0.8125, 2012),
        evaluation_row("shoprank", "new", 0.5125, 1984),
        evaluation_row("most popular", "all", 0.6125, 2012),
        evaluation_row("most popular", "new", 0.5375, 1984),
    )
    start, end = datetime(2017, 12, 4, tzinfo=timezone.utc), datetime(2018, 1, 1, tzinfo=timezone.utc)
    windows = tuple(WindowMetrics(name, start, end, EvaluationTable(CUTOFFS, rows)) for name in ("eval", "test"))
    ham = Answer("i<1>", "Ham & <b>cheese</b> [red]", 0.91234, 0.75, "history")
    milk = Answer("i2", "", 0.5, None, "popular")
    return RunSummary(
        title="Corner <shop>",
        started=datetime(2026, 1, 2, 3, 4, tzinfo=timezone.utc),
        tables=(
            TableCount("events", 1_469_307, 1_460_438, {"quantity is not positive": 8_869}),
            TableCount("items", 92_331, 92_331, {}),
        ),
        stages=(StageTime("Ingest", 12.34), StageTime("Transform", 125.0), StageTime("Validate", 0.1, cached=True)),
        windows=windows,
        gates=(Gate("lift over most popular", True, "NDCG@10 .7125 is above .5125"),),
        model_version=1767323040,
        model_path="runs/serving/shoprank/1767323040",
        report_path="runs/report.html",
        logs_path="runs/logs",
        answers=(AnswerTable("household 900", (ham, milk)), AnswerTable("search <wine>", ())),
        figures=(Figure("Peak memory", 3.21, "GB"),),
    )
