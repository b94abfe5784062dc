"""The towers of a run on made-up windows, tiny, and the profile of their steps."""

from pathlib import Path

import numpy as np
import pytest

from tfx_pipeline.benchmarks.generated_windows import WindowSizes, write_windows
from tfx_pipeline.benchmarks.step_profile import StepProfile, read_step_profile
from tfx_pipeline.benchmarks.window_steps import window_step_figures
from trainer.user_events import read_user_events

TINY = WindowSizes(windows=70, items=30, length=12, text_dimension=4)


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_figures() -> None:
    waiting, precision, fused = window_step_figures(TINY, rounds=1)
    assert (waiting.name, waiting.unit, waiting.target) == ("share of the step time that waits for input", "", 0.1)
    assert waiting.value is not None and waiting.value > 0
    assert "events IteratorGetNext*Op::DoCompute of " in waiting.how
    assert [figure.name for figure in (precision, fused)] == [
        "time of the towers in mixed bfloat16, against float32",
        "time of the towers with steps_per_execution 1, against 8",
    ]
    assert all(figure.target is None and (figure.value or 0) > 0 for figure in (precision, fused))


def test_windows_are_those_of_the_pipeline(tmp_path: Path) -> None:
    counts = write_windows(tmp_path / "windows.gz", TINY)
    events = read_user_events([str(tmp_path / "windows.gz")])
    assert events.users.tolist() == list(range(TINY.windows))
    assert np.diff(events.offsets).tolist() == [TINY.length] * TINY.windows
    assert np.array_equal(counts, np.bincount(events.items, minlength=TINY.items + 1))
    assert counts[:10].sum() > counts[10:].sum() and events.is_target.all()


def write_profile(folder: Path, events: list[tuple[str, float]]) -> None:
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace()
    plane = space.planes.add()
    line = plane.lines.add()
    for number, (name, seconds) in enumerate(events):
        plane.event_metadata[number].name = name
        line.events.add(metadata_id=number, duration_ps=round(seconds * 1e12))
    folder.mkdir(parents=True)
    (folder / "host.xplane.pb").write_bytes(space.SerializeToString())


def test_the_share_is_that_of_the_fetches_in_the_steps(tmp_path: Path) -> None:
    events = [
        ("multi_step_on_iterator", 3.0),
        ("one_step_on_iterator", 1.0),
        ("IteratorGetNextAsOptionalOp::DoCompute", 0.2),
        ("IteratorGetNextOp::DoCompute", 0.1),
        ("IteratorGetNext", 9.0),
        ("MatMul", 5.0),
    ]
    write_profile(tmp_path / "plugins" / "profile" / "run", events)
    profile = read_step_profile(tmp_path)
    assert (profile.calls, profile.fetches) == (2, 2)
    assert profile.waiting_share == pytest.approx(0.3 / 4)


def test_no_profile_and_no_steps(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r": no profile$"):
        read_step_profile(tmp_path)
    write_profile(tmp_path / "run", [("MatMul", 1.0)])
    with pytest.raises(ValueError, match=r": 0 steps of fit and 0 fetches of a batch$"):
        read_step_profile(tmp_path)


@pytest.mark.slow
def test_one_step_at_a_time_has_fetches_too(tmp_path: Path) -> None:
    import tensorflow as tf

    from tfx_pipeline.benchmarks.window_training import window_trainer

    counts = write_windows(tmp_path / "windows.gz", TINY)
    model, dataset = window_trainer(tmp_path / "windows.gz", counts, TINY, steps_per_execution=1, batch_windows=16)
    model.fit(dataset, verbose=0)
    with tf.profiler.experimental.Profile(str(tmp_path)):
        model.fit(dataset, verbose=0)
    profile = read_step_profile(tmp_path)
    assert isinstance(profile, StepProfile) and profile.fetches >= 5 and profile.calls >= 5
