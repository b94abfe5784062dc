"""Whether the answers of a loaded model are those that it gave before it was saved."""

import numpy as np

from trainer.export_checks.errors import ExportCheckError

TOLERANCE = 1e-4
"""Absolute and relative, of numbers."""

MOST_OTHERS = 0.01
"""Share of an output that may differ: items that are equal to rounding may change places."""

RANDOM = {"request_id"}
"""Outputs that no two calls have alike."""


class Agreement:
    """Counts, output by output, what differs."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._values: dict[tuple[str, str], int] = {}
        self._others: dict[tuple[str, str], int] = {}

    def add(self, signature: str, expected: dict[str, np.ndarray], found: dict[str, np.ndarray]) -> None:
        """Compare one answer.

        Raises:
            ExportCheckError: An output is missing, or has another type or shape.
        """
        if expected.keys() != found.keys():
            names = ", ".join(sorted(expected.keys() ^ found.keys()))
            raise ExportCheckError(f"signature {signature}: the outputs differ by {names}")
        for name, wanted in expected.items():
            got = found[name]
            if (got.dtype, got.shape) != (wanted.dtype, wanted.shape):
                told = f"{got.dtype}{list(got.shape)} after loading, {wanted.dtype}{list(wanted.shape)} before saving"
                raise ExportCheckError(f"signature {signature}: {name} is {told}")
            if name not in RANDOM:
                key = (signature, name)
                self._values[key] = self._values.get(key, 0) + wanted.size
                self._others[key] = self._others.get(key, 0) + int(np.count_nonzero(_differ(wanted, got)))

    def check(self) -> None:
        """Check that no output differs in more than a few values.

        Raises:
            ExportCheckError: One does; the message names signature and output.
        """
        for (signature, name), others in self._others.items():
            values = self._values[signature, name]
            if others > MOST_OTHERS * values:
                told = f"{others} of {values} values are not what they were before saving"
                raise ExportCheckError(f"signature {signature}: {name}: {told}")


def _differ(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
    if expected.dtype.kind == "f":
        return ~np.isclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    return np.asarray(found != expected)
