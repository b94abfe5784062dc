from pathlib import Path
from types import SimpleNamespace

import pytest

from tfx_pipeline import watched_data
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.table_config import BigQueryConfig, DataConfig, TableConfig
from tfx_pipeline.watched_data import WATCH_FILE, DataState, Handled, look, read_handled, what_is_new, write_handled


@pytest.fixture
def data(tmp_path: Path) -> DataConfig:
    for name in ("events-7.csv", "events-12.csv", "items.csv", "served.csv"):
        (tmp_path / name).write_text(name)
    return DataConfig(
        events=TableConfig(path=str(tmp_path / "events-{SPAN}.csv")),
        items=TableConfig(path=str(tmp_path / "items.csv")),
        serving_log=TableConfig(path=str(tmp_path / "served.csv")),
    )


def test_every_file_counts_by_size_and_time(data: DataConfig, tmp_path: Path) -> None:
    state = look(data)
    assert [Path(path).name for path, _ in state.files] == ["events-7.csv", "events-12.csv", "items.csv", "served.csv"]
    assert state.spans == (7, 12)
    assert look(data) == state
    for name in ("events-7.csv", "items.csv", "served.csv"):
        (tmp_path / name).write_text("longer than before")
        state, before = look(data), state
        assert state != before


def test_a_missing_file_is_named(data: DataConfig, tmp_path: Path) -> None:
    (tmp_path / "items.csv").unlink()
    with pytest.raises(DataError, match=f"^{tmp_path}/items.csv: no such file$"):
        look(data)


def test_bigquery_is_asked_for_its_last_change(data: DataConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = SimpleNamespace(at="2026-01-05")
    monkeypatch.setattr(watched_data, "bigquery_state", lambda _: changed.at)
    data.events = TableConfig(bigquery=BigQueryConfig(table="shop.logs.events"))
    before = look(data)
    assert before.files[0] == ("bigquery shop.logs.events", "2026-01-05")
    changed.at = "2026-01-06"
    assert look(data) != before


@pytest.mark.parametrize(
    ("spans", "latest", "path", "told"),
    [
        ((), None, "events.csv", "data"),
        ((3,), None, "{SPAN}.csv", "span 3"),
        ((3, 4, 5), 3, "{SPAN}.csv", "spans 4 to 5"),
        ((3,), 3, "{SPAN}.csv", "data"),
        ((18_262,), 18_261, "{YYYY}-{MM}-{DD}.csv", "span 2020-01-01"),
    ],
)
def test_what_is_new_is_named(spans: tuple[int, ...], latest: int | None, path: str, told: str) -> None:
    assert what_is_new(DataState((), spans), Handled(latest_span=latest), TableConfig(path=path)) == told


def test_what_was_handled_is_remembered(tmp_path: Path) -> None:
    assert read_handled(tmp_path) == Handled()
    handled = Handled("a hash", 7, "version 3 was pushed")
    write_handled(handled, tmp_path)
    assert read_handled(tmp_path) == handled
    (tmp_path / WATCH_FILE).write_text("{")
    assert read_handled(tmp_path) == Handled()
