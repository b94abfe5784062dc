import subprocess
import sys
from dataclasses import replace

import pytest

from tfx_pipeline.data_summary import NO_ANOMALY, DataSummary, data_notes
from tfx_pipeline.distribution_comparison import Comparison, Distance, Side
from tfx_pipeline.sources.report import IngestReport, TableReport

REPORT = IngestReport(events=TableReport(10, 10), items=TableReport(2, 2))


def test_a_usual_run_needs_no_notes() -> None:
    assert data_notes(REPORT, "time") == data_notes(REPORT, "files") == ()


@pytest.mark.parametrize(
    ("report", "note"),
    [
        (replace(REPORT, time="sequence"), "The times are the order of the column sequence, not a clock."),
        (replace(REPORT, time="file"), "The times are the order of the rows in the file, not a clock."),
        (replace(REPORT, spans=(3, 12)), "Spans 3 to 12 were read."),
        (replace(REPORT, spans=(3, 3)), "Span 3 was read."),
        (replace(REPORT, returned=1_234), "1,234 purchases were taken back by returns."),
        (replace(REPORT, returned=1), "1 purchase was taken back by returns."),
        (replace(REPORT, items_added=7), "7 items are only in the events, with nothing known but the id."),
        (replace(REPORT, items_added=1), "1 item is only in the events, with nothing known but the id."),
    ],
)
def test_each_note(report: IngestReport, note: str) -> None:
    assert data_notes(report, "time") == (note,)


def test_spans_that_are_days_are_told_as_dates() -> None:
    report = replace(REPORT, spans=(0, 18_262))
    assert data_notes(report, "time", spans_are_days=True) == ("Spans 1970-01-01 to 2020-01-01 were read.",)


def test_leave_last_out_warns_first() -> None:
    warning, order = data_notes(replace(REPORT, time="file"), "leave_last_out")
    assert warning.startswith("Warning: the split leave_last_out lets the models see what became popular")
    assert order.startswith("The times are the order")


def test_distances_above_their_threshold_come_first_and_the_others_keep_their_order() -> None:
    near = [Distance("drift", name, "L-infinity", 0.1, 0.3, False, 5, 5) for name in ("a", "b")]
    far = [replace(distance, feature=name, exceeded=True) for distance, name in zip(near, "cd", strict=True)]
    data = DataSummary(comparison=Comparison((near[0], far[0], near[1], far[1])))
    assert data.distances == (*far, *near)


def test_remarks_say_what_was_compared_and_what_was_not() -> None:
    sides = (Side("drift", "span 1", 5_000, 2_000), Side("drift", "span 2", 1, 1))
    comparison = Comparison(sides=sides, remarks=("Skew was not measured: no serving log is configured.",))
    assert DataSummary(("A note.",), comparison=comparison, anomalies=()).remarks == (
        "A note.",
        "Drift compares span 2 (1 event) with span 1 (5,000 events, 2,000 of them drawn).",
        "Skew was not measured: no serving log is configured.",
        NO_ANOMALY,
    )


def test_remarks_name_anomalies_and_are_silent_where_nobody_looked() -> None:
    assert DataSummary().remarks == ()
    (remark,) = DataSummary(anomalies=("WARNING, split eval, feature price: odd",)).remarks
    assert remark == "Anomaly that did not stop the run: WARNING, split eval, feature price: odd"


def test_the_summary_is_read_without_the_slow_packages() -> None:
    code = (
        "import sys, tfx_pipeline.run_summary; print(*sorted({'tensorflow', 'tfx', 'apache_beam'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
