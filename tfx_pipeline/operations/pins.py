"""Which versions a server holds and where the labels point, and the steps from one such state to another."""

from collections.abc import Collection
from dataclasses import dataclass, field

STABLE, CANARY = "stable", "canary"
"""The two version labels."""


@dataclass(frozen=True)
class Pins:
    """The versions that are served, whatever else is pushed.

    Attributes:
        stable: Version of the label `stable`.
        canary: Version that is tried on a share of the users; None if none is.
    """

    stable: int
    canary: int | None = None

    @property
    def versions(self) -> frozenset[int]:
        """The versions to hold in memory."""
        return frozenset(version for version in (self.stable, self.canary) if version is not None)

    @property
    def labels(self) -> dict[str, int]:
        """Label -> version. Without a canary its label points to the stable version, so that no client fails."""
        return {STABLE: self.stable, CANARY: self.stable if self.canary is None else self.canary}


@dataclass(frozen=True)
class Step:
    """One configuration that a server takes on the way.

    Attributes:
        versions: Versions to hold; none means the highest, and each later one as it comes.
        labels: Label -> version.
        awaited: Versions that must answer before the next step.
    """

    versions: frozenset[int] = frozenset()
    labels: dict[str, int] = field(default_factory=dict)
    awaited: frozenset[int] = frozenset()


def steps(before: Pins | None, after: Pins | None, in_service: Collection[int] = ()) -> list[Step]:
    """The way from one state to another: load first, label second, drop last.

    Args:
        before: What is pinned; None if nothing is.
        after: What is to be pinned; None if nothing is.
        in_service: Versions that answer now; they go on until the labels have moved.
    """
    if after is None:
        return [Step()]
    held = frozenset(in_service) if before is None else before.versions
    old_labels = {} if before is None else before.labels
    both = held | after.versions
    way = [
        Step(both, old_labels, awaited=after.versions),
        Step(both, after.labels),
        Step(after.versions, after.labels),
    ]
    # The last two are one where nothing is dropped.
    return way[:2] if both == after.versions else way
