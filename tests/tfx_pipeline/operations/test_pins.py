"""The steps from any state to any other never let a label point to a version that is not held."""

from hypothesis import given
from hypothesis import strategies as st

from tfx_pipeline.operations.pins import Pins, Step, steps

VERSIONS = st.integers(1, 6)


@st.composite
def pinned(draw: st.DrawFn) -> Pins:
    stable = draw(VERSIONS)
    canary = draw(st.none() | VERSIONS.filter(lambda version: version != stable))
    return Pins(stable, canary)


@given(st.none() | pinned(), pinned(), VERSIONS)
def test_load_first_label_second_drop_last(before: Pins | None, after: Pins, in_service: int) -> None:
    held = frozenset({in_service}) if before is None else before.versions
    labels = {} if before is None else before.labels
    for step in steps(before, after, {in_service}):
        # What a label points to, before or after this step, is held all the time.
        assert set(labels.values()) <= held
        assert set(labels.values()) <= step.versions or step.labels == after.labels
        moved = set(step.labels.values()) - set(labels.values())
        assert moved <= held
        dropped = held - step.versions
        assert not dropped & (set(labels.values()) | set(step.labels.values()))
        assert not (moved and dropped)
        held, labels = step.versions, step.labels
    assert (held, labels) == (after.versions, after.labels)


@given(st.none() | pinned())
def test_nothing_pinned_is_one_step(before: Pins | None) -> None:
    assert steps(before, None) == [Step()]


def test_without_a_canary_its_label_points_to_the_stable_version() -> None:
    assert Pins(7).labels == {"stable": 7, "canary": 7}
    assert Pins(7, 8).labels == {"stable": 7, "canary": 8}
