"""How fast a piece of long work goes, and when it will be done."""

from tfx_pipeline.number_format import format_seconds
from trainer.progress import WorkProgress


class WorkPace:
    """The reports of one piece of work.

    Attributes:
        latest: The latest report.
    """

    def __init__(self, progress: WorkProgress, time: float) -> None:
        """Start from a first report.

        Args:
            progress: The report.
            time: When it came, seconds on any clock.
        """
        self.latest = progress
        self._first, self._start, self._time = progress, time, time

    def continues(self, progress: WorkProgress) -> bool:
        """Whether a report is about the same piece of work, further on."""
        return progress.what == self.latest.what and progress.done >= self.latest.done

    def update(self, progress: WorkProgress, time: float) -> None:
        """Take a later report of the same work."""
        self.latest, self._time = progress, time

    @property
    def share(self) -> float | None:
        """Share of the work that is done, 0 to 1; None where nobody knows."""
        return self.latest.done / self.latest.total if self.latest.total else None

    @property
    def seconds_left(self) -> float | None:
        """Time left at the mean rate since the first report; None where nobody knows.

        What the first report counts as done may have come from a cache, and may include a compilation.
        """
        done = self.latest.done - self._first.done
        if self.latest.total is None or not done:
            return None
        return (self._time - self._start) / done * (self.latest.total - self.latest.done)

    def __str__(self) -> str:
        """One line such as `25 %, 3.0 s left, encoding texts, 10 of 40`."""
        parts = [] if self.share is None else [f"{100 * self.share:.0f} %"]
        if self.seconds_left is not None:
            parts.append(f"{format_seconds(self.seconds_left)} left")
        return ", ".join([*parts, str(self.latest)])
