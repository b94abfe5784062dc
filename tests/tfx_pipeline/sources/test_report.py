"""The accounting of an ingestion."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.sources.report import REPORT_FILE, IngestReport, TableReport, table_report

COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(["quarantine", "drop", "ignore"]), st.sampled_from(["late", "dear", "odd"])),
    st.integers(0, 5),
)


@settings(deadline=None)
@given(COUNTS, st.integers(0, 9))
def test_every_row_is_in_one_place(counts: dict[tuple[str, str], int], kept: int) -> None:
    report = table_report(sum(counts.values()) + kept, counts)
    assert report.rows_kept == kept
    assert report.rows_bad == sum(count for (action, _), count in counts.items() if action == "quarantine")
    left_out = (report.quarantined, report.dropped, report.ignored)
    assert report.rows_read == kept + sum(sum(each.values()) for each in left_out)
    assert sum(report.reasons.values()) == report.rows_read - kept
    assert not any(count == 0 for each in left_out for count in each.values())


def test_actions_are_told_apart() -> None:
    report = table_report(10, {("quarantine", "b"): 1, ("quarantine", "a"): 2, ("drop", "a"): 1, ("ignore", "c"): 3})
    assert report == TableReport(10, 3, {"a": 2, "b": 1}, {"a": 1}, {"c": 3})
    assert list(report.quarantined) == ["a", "b"]
    assert report.reasons == {"a": 3, "c": 3, "b": 1}
    assert report.rows_bad == 3


def test_a_report_survives_json(tmp_path: Path) -> None:
    report = IngestReport(
        TableReport(9, 5, {"late": 1}, {"dear": 1}, {"odd": 2}),
        TableReport(2, 2),
        others={"users": TableReport(3, 2, {"late": 1})},
        time="sequence",
        returned=4,
        items_added=1,
        spans=(3, 5),
    )
    (tmp_path / REPORT_FILE).write_text(report.to_json())
    for each in (report, IngestReport(TableReport(), TableReport())):
        assert IngestReport.from_json(each.to_json()) == each
    assert IngestReport.load(tmp_path) == report
    assert list(report.tables) == ["events", "items", "users"]
