"""What a TensorBoard profile says of the time that training steps spend and wait for their input."""

from dataclasses import dataclass
from pathlib import Path

STEP_EVENTS = ("one_step_on_iterator", "multi_step_on_iterator")
"""Calls of Keras's compiled steps; each is one or several steps of `fit`."""
INPUT_EVENT = "IteratorGetNext"
"""First part of the names of the operations that fetch a batch inside a step."""
_OPERATION = "Op::DoCompute"


@dataclass(frozen=True)
class StepProfile:
    """Times of all steps of a profile.

    Attributes:
        calls: Calls of the compiled steps.
        step_seconds: From begin to end of these calls, added up.
        fetches: Batches that were fetched in them.
        wait_seconds: From begin to end of the fetches, added up: what the steps waited for their input at most, for a
            fetch may run while another step still computes.
    """

    calls: int
    step_seconds: float
    fetches: int
    wait_seconds: float

    @property
    def waiting_share(self) -> float:
        """Share of the step time that went to waiting for input, at most."""
        return self.wait_seconds / self.step_seconds


def read_step_profile(folder: Path) -> StepProfile:
    """Read the newest profile that `tf.profiler.experimental.stop` wrote.

    Args:
        folder: The folder that was profiled into.

    Raises:
        ValueError: There is no profile, or it has no step of `fit` or no fetch of a batch.
    """
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    files = sorted(folder.glob("**/*.xplane.pb"))
    if not files:
        raise ValueError(f"{folder}: no profile")
    space = xplane_pb2.XSpace.FromString(files[-1].read_bytes())
    steps, fetches = [], []
    for plane in space.planes:
        for event in (event for line in plane.lines for event in line.events):
            name = plane.event_metadata[event.metadata_id].name
            if name in STEP_EVENTS:
                steps.append(event.duration_ps / 1e12)
            elif name.startswith(INPUT_EVENT) and name.endswith(_OPERATION):
                fetches.append(event.duration_ps / 1e12)
    if not steps or not fetches:
        raise ValueError(f"{files[-1]}: {len(steps)} steps of fit and {len(fetches)} fetches of a batch")
    return StepProfile(len(steps), sum(steps), len(fetches), sum(fetches))
