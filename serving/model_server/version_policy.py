"""Which of a model's versions are to be served: the latest ones, all, or some by number."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class VersionPolicy:
    """A choice among the versions that are there.

    Attributes:
        count: Most versions to serve; None means no limit.
        versions: The only versions to serve; None means any.
    """

    count: int | None = 1
    versions: frozenset[int] | None = None

    def candidates(self, found: Collection[int]) -> list[int]:
        """Return the versions that may be served, highest first; the first `count` that load are."""
        return sorted(found if self.versions is None else self.versions.intersection(found), reverse=True)


def read_version_policy(policy: Any) -> VersionPolicy:
    """Return what a `ServableVersionPolicy` message asks for; an empty one asks for the latest version.

    Raises:
        ValueError: `specific` without a version.
    """
    choice = policy.WhichOneof("policy_choice")
    if choice == "all":
        return VersionPolicy(count=None)
    if choice == "specific":
        if not policy.specific.versions:
            raise ValueError("specific.versions: must name at least one version")
        return VersionPolicy(count=None, versions=frozenset(policy.specific.versions))
    # As in TensorFlow Serving, 0 is a number left out.
    return VersionPolicy(count=max(policy.latest.num_versions, 1))
