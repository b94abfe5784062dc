"""TensorFlow for a verb that is over in seconds: what it prints goes into a file of the run."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from tfx_pipeline.environment import prepare_environment
from tfx_pipeline.run_log import log_to


@contextmanager
def quiet_tensorflow(run_dir: Path) -> Iterator[None]:
    """Have all that is printed, while this lasts, land in `logs/feedback-TIME.log` of the run directory."""
    prepare_environment()
    with log_to(run_dir / "logs" / f"feedback-{datetime.now(timezone.utc):%Y%m%dT%H%M%S}.log"):
        yield
