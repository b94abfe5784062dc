"""The figures of the pipeline's own training: whether it waits for input, and what precision and fused steps bring."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.fresh_process import in_fresh_process
from tfx_pipeline.benchmarks.generated_windows import WindowSizes, write_windows
from tfx_pipeline.benchmarks.paired_ratio import Seconds, paired_ratio, ratio_range, take_turns
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.step_profile import StepProfile, read_step_profile
from tfx_pipeline.number_format import format_count

WAITING_TARGET = 0.1
_DEFAULT = "default"
_VARIANTS: dict[str, dict[str, Any]] = {
    _DEFAULT: {},
    "mixed bfloat16": {"precision": "mixed_bfloat16"},
    "steps one by one": {"steps_per_execution": 1},
}


def window_step_figures(sizes: WindowSizes, rounds: int = 4) -> Iterator[Figure]:
    """Profile an epoch of the towers, and time epochs of their variants in turn.

    Args:
        sizes: What they are trained on.
        rounds: Timed epochs of each variant.
    """
    data = (
        f"the towers of a run with its default settings, {format_count(sizes.windows)} made-up windows of "
        f"{sizes.length} events as compressed tf.Examples, {format_count(sizes.items)} items"
    )
    say("profile of the towers")
    yield _waiting_figure(in_fresh_process(profile_windows, sizes), data)
    say("precision and fused steps of the towers")
    seconds = in_fresh_process(time_variants, sizes, rounds)
    default, low, single = (seconds[name] for name in _VARIANTS)
    yield Figure.shown(
        "time of the towers in mixed bfloat16, against float32",
        paired_ratio(low, default),
        "times",
        f"whole epochs in turn, the first not timed; {ratio_range(low, default)}; {data}",
    )
    yield Figure.shown(
        "time of the towers with steps_per_execution 1, against 8",
        paired_ratio(single, default),
        "times",
        f"whole epochs in turn, the first not timed; {ratio_range(single, default)}; {data}",
    )


def profile_windows(sizes: WindowSizes) -> StepProfile:
    """Train an epoch under the TensorBoard profiler, after one without it."""
    import tensorflow as tf

    from tfx_pipeline.benchmarks.window_training import window_trainer

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        counts = write_windows(folder / "windows.gz", sizes)
        model, dataset = window_trainer(folder / "windows.gz", counts, sizes)
        model.fit(dataset, verbose=0)
        with tf.profiler.experimental.Profile(name):
            model.fit(dataset, verbose=0)
        return read_step_profile(folder)


def time_variants(sizes: WindowSizes, rounds: int) -> Seconds:
    """Time epochs of all variants in turn; the keys are theirs."""
    from tfx_pipeline.benchmarks.window_training import window_trainer

    with tempfile.TemporaryDirectory() as folder:
        windows = Path(folder) / "windows.gz"
        counts = write_windows(windows, sizes)

        def epoch(settings: dict[str, Any]) -> Callable[[], object]:
            model, dataset = window_trainer(windows, counts, sizes, **settings)
            return lambda: model.fit(dataset, verbose=0)

        return take_turns({name: epoch(settings) for name, settings in _VARIANTS.items()}, rounds)


def _waiting_figure(profile: StepProfile, data: str) -> Figure:
    how = (
        f"TensorBoard profile of the second epoch: {profile.fetches} events IteratorGetNext*Op::DoCompute of "
        f"{profile.wait_seconds * 1e3:.1f} ms in all, in {profile.calls} events *_step_on_iterator of "
        f"{profile.step_seconds * 1e3:.0f} ms; {data}"
    )
    return Figure.at_most("share of the step time that waits for input", profile.waiting_share, "", WAITING_TARGET, how)
