"""A watch runs the pipeline once for every complete state of the data, and goes on whatever came of it."""

from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tfx_pipeline.config import Config, ConfigError, ObjectiveConfig
from tfx_pipeline.run_lock import sole_run
from tfx_pipeline.table_config import DataConfig, TableConfig
from tfx_pipeline.watch import Watch
from tfx_pipeline.watched_data import read_handled
from tfx_pipeline.watched_run import Outcome

MIDNIGHT = datetime(2026, 1, 5, tzinfo=timezone.utc)
PUSHED, BAD = Outcome("version 7 was pushed"), Outcome("failed: events-2.csv: no column item_id")


class Shop:
    """A shop that writes its files, and the watch on them: its runs end as they are told to."""

    def __init__(self, folder: Path, pattern: str = "events-{SPAN}.csv") -> None:
        self.folder = folder
        self.told: list[str] = []
        self.runs = 0
        self.outcomes: list[Outcome] = []
        self.waits: list[float] = []
        self.end_after = 0
        (folder / "items.csv").write_text("item_id\n1\n")
        self.config = Config(
            run_dir=folder / "run",
            data=DataConfig(
                events=TableConfig(path=str(folder / pattern)), items=TableConfig(path=str(folder / "items.csv"))
            ),
            objectives={"buy": ObjectiveConfig(event_types=["buy"])},
        )
        self.watch = self.new_watch()

    def new_watch(self) -> Watch:
        return Watch(lambda: self.config, self.run, self.wait, self.told.append, lambda: MIDNIGHT)

    def write(self, span: str, text: str = "user_id\n1\n") -> None:
        (self.folder / f"events-{span}.csv").write_text(text)

    def run(self, config: Config) -> Outcome:
        assert config is self.config
        self.runs += 1
        return self.outcomes.pop(0)

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return len(self.waits) >= self.end_after

    def look(self, times: int = 1) -> list[str]:
        """Look so many times; what was told, without the time."""
        before = len(self.told)
        for _ in range(times):
            assert not self.watch.look_once()
        return [line.split("UTC  ")[1] for line in self.told[before:]]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def trained(shop: Shop, spans: Iterable[str]) -> None:
    """Have the watch train on these spans."""
    for span in spans:
        shop.write(span)
    shop.outcomes.append(PUSHED)
    shop.look(2)


def test_a_new_span_is_trained_once(shop: Shop) -> None:
    shop.write("1")
    shop.outcomes += [PUSHED, PUSHED]
    assert shop.look(4) == ["span 1: version 7 was pushed"]
    assert shop.told == ["2026-01-05 00:00:00 UTC  span 1: version 7 was pushed"]
    shop.write("2")
    shop.write("3")
    assert shop.look(4) == ["spans 2 to 3: version 7 was pushed"]
    assert shop.runs == 2


def test_spans_that_are_days_are_told_as_dates(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "events-{YYYY}-{MM}-{DD}.csv")
    trained(shop, ["2026-01-04"])
    shop.outcomes.append(PUSHED)
    shop.write("2026-01-05")
    assert shop.look(2) == ["span 2026-01-05: version 7 was pushed"]


def test_a_file_that_is_being_written_is_left_alone(shop: Shop) -> None:
    for rows in range(1, 4):
        shop.write("1", "user_id\n" + "1\n" * rows)
        assert shop.look() == [] and shop.runs == 0
    shop.outcomes.append(PUSHED)
    assert shop.look() == ["span 1: version 7 was pushed"]


def test_bad_data_are_told_once_and_waited_out(shop: Shop) -> None:
    trained(shop, ["1"])
    shop.write("2", "user\n1\n")
    shop.outcomes.append(BAD)
    assert shop.look(5) == ["span 2: failed: events-2.csv: no column item_id"]
    shop.write("2", "user_id\n1\n2\n")
    shop.outcomes.append(PUSHED)
    assert shop.look(3) == ["data: version 7 was pushed"]


def test_bad_data_are_not_tried_again_after_a_restart(shop: Shop) -> None:
    shop.write("1")
    shop.outcomes.append(BAD)
    shop.look(2)
    shop.watch = shop.new_watch()
    assert shop.look(3) == ["nothing new; of the data that are there: failed: events-2.csv: no column item_id"]
    assert shop.runs == 1


def test_bad_data_are_tried_again_with_another_configuration(shop: Shop) -> None:
    shop.write("1")
    shop.outcomes += [BAD, PUSHED]
    shop.look(2)
    shop.config = shop.config.model_copy(update={"seed": 8})
    assert shop.look(2) == ["data: version 7 was pushed"]


def test_a_file_that_was_only_touched_is_not_new(shop: Shop) -> None:
    trained(shop, ["1"])
    (shop.folder / "events-1.csv").touch()
    assert shop.look(3) == ["nothing new; of the data that are there: version 7 was pushed"]
    assert shop.runs == 1


def test_data_that_change_while_a_run_is_under_way_are_the_next(shop: Shop) -> None:
    shop.write("1")

    def run(_: Config) -> Outcome:
        shop.runs += 1
        shop.write("2")
        return PUSHED

    shop.watch.run = run
    assert shop.look(5) == ["span 1: version 7 was pushed", "span 2: version 7 was pushed"]


def test_data_that_are_not_there_yet_are_waited_for(shop: Shop) -> None:
    assert shop.look(3) == [f"waiting: {shop.folder}/events-{{SPAN}}.csv: no file matches this pattern"]
    trained(shop, ["1"])
    assert shop.runs == 1


def test_a_configuration_that_is_being_edited_is_waited_for(shop: Shop) -> None:
    trained(shop, ["1"])

    def broken() -> Config:
        raise ConfigError("shop.yaml: seed: Input should be a valid integer")

    shop.watch.load, load = broken, shop.watch.load
    assert shop.look(3) == ["waiting: shop.yaml: seed: Input should be a valid integer"]
    shop.watch.load = load
    assert shop.look(2) == ["nothing new; of the data that are there: version 7 was pushed"]


def test_a_run_by_hand_goes_first(shop: Shop) -> None:
    shop.write("1")
    shop.config.run_dir.mkdir()
    with sole_run(shop.config.run_dir):
        (told,) = shop.look(4)
        assert told.startswith(f"waiting: {shop.config.run_dir}: process ")
    shop.outcomes.append(PUSHED)
    assert shop.look() == ["span 1: version 7 was pushed"]


def test_a_run_that_was_stopped_ends_the_watch_and_is_still_to_be_done(shop: Shop) -> None:
    shop.write("1")
    shop.end_after = 100
    shop.outcomes.append(Outcome("stopped", stopped=True))
    shop.watch.watch(5.0)
    assert shop.waits == [5.0]
    assert [line[-len("span 1: stopped") :] for line in shop.told] == ["span 1: stopped"]
    assert read_handled(shop.config.run_dir).version == ""


def test_the_watch_ends_when_it_is_told_to(shop: Shop) -> None:
    trained(shop, ["1"])
    shop.end_after = 4
    shop.watch.watch(30.0)
    assert shop.waits == [30.0] * 4
    assert shop.runs == 1


def test_a_run_that_was_refused_is_tried_again_at_the_next_look(shop: Shop) -> None:
    shop.write("1")
    shop.outcomes += [Outcome("failed: shop: x is at work here; wait", handled=False, refused=True), PUSHED]
    assert shop.look(3) == ["span 1: failed: shop: x is at work here; wait", "span 1: version 7 was pushed"]


def test_a_run_that_was_killed_is_tried_again_after_a_restart_alone(shop: Shop) -> None:
    shop.write("1")
    shop.outcomes += [Outcome("failed: the run was ended by SIGKILL", handled=False), PUSHED]
    assert shop.look(4) == ["span 1: failed: the run was ended by SIGKILL"]
    shop.watch = shop.new_watch()
    assert shop.look(2) == ["span 1: version 7 was pushed"]
