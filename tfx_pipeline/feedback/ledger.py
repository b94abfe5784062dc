"""What of the feedback log is in the posterior of a version, written beside its SavedModel."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.errors import PipelineError
from trainer.bandit.array_file import read_arrays, write_arrays
from trainer.model_files import POSTERIOR_FILE

LEDGER_FILE = POSTERIOR_FILE.with_name("feedback.npz")
"""In the folder of a version; one that a training run pushed has none."""

NEVER = 0
"""In the place of a version: the posterior is the one of training."""

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Ledger:
    """Which requests a posterior has learned from. Immutable.

    Attributes:
        requests: Hashes of their ids, sorted and unique, [R] uint64; see `request_hashes`.
        made_from: The version with the posterior before the last update; `NEVER` without one.
        versions: Versions that are known to share the towers and the ranker of this one, sorted, [M] int64. What a log
            holds of other versions is about other features.
    """

    requests: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))
    made_from: int = NEVER
    versions: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        """Check the arrays.

        Raises:
            ValueError: An array has the wrong type or shape, or is not sorted and unique.
        """
        for name, dtype in (("requests", np.uint64), ("versions", np.int64)):
            array = getattr(self, name)
            if array.dtype != dtype or array.ndim != 1:
                raise ValueError(f"{name}: expected a list of {np.dtype(dtype)}, got {array.dtype} {list(array.shape)}")
            if not (array[1:] > array[:-1]).all():
                raise ValueError(f"{name}: not sorted and unique")

    @classmethod
    def load(cls, version: Path) -> "Ledger":
        """Read the ledger of a version; an empty one if training pushed it.

        Args:
            version: Folder of the version.

        Raises:
            PipelineError: The file is damaged.
        """
        path = version / LEDGER_FILE
        if not path.exists():
            return cls()
        try:
            return read_arrays(path, "ledger of feedback", _from_arrays)
        except ValueError as error:
            raise PipelineError(str(error)) from error

    def save(self, version: Path) -> None:
        """Write the ledger into the folder of a version."""
        arrays = {"requests": self.requests, "made_from": np.int64(self.made_from), "versions": self.versions}
        write_arrays(version / LEDGER_FILE, arrays)

    def holds(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Which requests, [N], the posterior has learned from."""
        return np.isin(hashes, self.requests)

    def folded(self, hashes: Hashes, made_from: int) -> "Ledger":
        """This and further requests, after an update of the posterior of a version."""
        return replace(self, requests=np.union1d(self.requests, hashes), made_from=made_from)

    def shared_by(self, versions: Iterable[int]) -> "Ledger":
        """This with further versions that share towers and ranker."""
        return replace(self, versions=np.union1d(self.versions, np.fromiter(versions, np.int64)))


def request_hashes(request_ids: Iterable[str]) -> Hashes:
    """The first 64 bits of BLAKE2b of each id, [N] uint64.

    Of ten million requests two share a hash with a probability of 3 in a million; one of the two is not learned from.
    """
    digests = b"".join(blake2b(request_id.encode(), digest_size=8).digest() for request_id in request_ids)
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def _from_arrays(stored: Mapping[str, Any]) -> Ledger:
    return Ledger(stored["requests"], int(stored["made_from"]), stored["versions"])
