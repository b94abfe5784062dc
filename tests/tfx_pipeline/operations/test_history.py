"""The history: what was written is read, whatever a killed writer left."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.operations.history import Change, append_change, earlier_stable, history_path, read_history
from tfx_pipeline.operations.pins import Pins


def promoted(stable: int, before: int | None) -> Change:
    return Change("2026-01-01T00:00:00+00:00", "promote", stable, None, 0.0, before)


def rolled_back(stable: int, before: int) -> Change:
    return Change("2026-01-01T00:00:00+00:00", "rollback", stable, None, 0.0, before)


def test_changes_are_read_as_they_were_written(tmp_path: Path) -> None:
    assert read_history(tmp_path) == []
    first = append_change(tmp_path, "promote", Pins(7), None)
    second = append_change(tmp_path, "canary", Pins(7, 8), Pins(7), 0.1)
    assert read_history(tmp_path) == [first, second]
    assert (second.stable, second.canary, second.share, second.before) == (7, 8, 0.1, 7)
    assert second.time.endswith("+00:00")
    assert (first.pins, second.pins) == (Pins(7), Pins(7, 8))


def test_a_torn_last_line_is_left_out_and_cut_off(tmp_path: Path) -> None:
    first = append_change(tmp_path, "promote", Pins(7), None)
    with history_path(tmp_path).open("a") as file:
        file.write('{"time": "2026')
    assert read_history(tmp_path) == [first]
    second = append_change(tmp_path, "promote", Pins(8), Pins(7))
    assert read_history(tmp_path) == [first, second]


@pytest.mark.parametrize("line", ["nonsense", "{}", "[1]"])
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    append_change(tmp_path, "promote", Pins(7), None)
    with history_path(tmp_path).open("a") as file:
        file.write(line + "\n")
    message = rf"^{history_path(tmp_path)}: line 2 is no change of what is served$"
    with pytest.raises(PipelineError, match=message):
        read_history(tmp_path)


@given(st.lists(st.integers(1, 9), min_size=1, unique=True))
def test_rollbacks_take_promotions_back_one_by_one(versions: list[int]) -> None:
    history = [promoted(stable, before) for before, stable in zip([None, *versions], versions, strict=False)]
    present = versions[-1]
    for earlier in reversed(versions[:-1]):
        assert earlier_stable(history, present)[0] == earlier
        history.append(rolled_back(earlier, present))
        present = earlier
    assert earlier_stable(history, present) == []


def test_a_rollback_to_another_version_forgets_the_one_that_was_left() -> None:
    history = [promoted(7, 6), promoted(8, 7), rolled_back(5, 8)]
    assert earlier_stable(history, 5) == [7, 6]
