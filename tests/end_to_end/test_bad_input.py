"""What a shop is told when its data cannot be used: one line that names the file and the reason, and nothing pushed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tfx_pipeline.config import Config, ObjectiveConfig, SplitConfig
from tfx_pipeline.run import run
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.table_config import DataConfig, TableConfig

HEADER = "user_id,item_id,event_type,timestamp\n"
ITEMS = "item_id,title\na,apple\nb,bread\n"


def events(users: list[str], days: list[str]) -> str:
    rows = [f"{user},{item},purchase,{day}\n" for user in users for day in days for item in "ab"]
    return HEADER + "".join(rows)


DAYS = [f"2024-{month:02d}-01" for month in range(1, 11)]
CASES: dict[str, tuple[str | bytes, str]] = {
    "missing column": ("user_id,item_id,timestamp\n1,a,2024-01-01\n", "event_type"),
    "no file": ("", "no such file"),
    "empty file": (b"", "empty"),
    "only a header": (HEADER, "no data rows"),
    "parquet under the name of a CSV": (b"PAR1\x00\x00binary\xffPAR1", "not"),
    "one single user": (events(["1"], DAYS), "1 user in the training window; the towers need at least two"),
    "no events in the training window": (events(["1", "2"], DAYS[5:]), "no events in the training window"),
    "no events in the test window": (events(["1", "2"], DAYS[:8]), "no events in the test window"),
    "mostly bad rows": (events(["1", "2"], ["someday", *DAYS]), "timestamp"),
}


@pytest.fixture
def config(tmp_path: Path) -> Callable[[str | bytes], Config]:
    def build(content: str | bytes) -> Config:
        path = tmp_path / "events.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        items = tmp_path / "items.csv"
        items.write_text(ITEMS)
        return Config(
            run_dir=tmp_path / "run",
            data=DataConfig(events=TableConfig(path=path), items=TableConfig(path=items)),
            objectives={"purchase": ObjectiveConfig(event_types=["purchase"])},
            split=SplitConfig.model_validate(
                {"ranker_start": "2024-05-15", "eval_start": "2024-07-15", "test_start": "2024-08-15"}
            ),
        )

    return build


@pytest.mark.parametrize("name", CASES)
def test_one_line_names_the_file_and_the_reason(name: str, config: Callable[[str | bytes], Config]) -> None:
    content, reason = CASES[name]
    settings = config(content)
    if name == "no file":
        Path(settings.data.events.paths[0]).unlink()
    with pytest.raises(DataError) as caught:
        run(settings)
    message = str(caught.value)
    assert "events" in message.split(":")[0]
    assert reason in message
    assert "\n" not in message
    assert not settings.serving_dir.exists()
