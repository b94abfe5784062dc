"""Settings of the server's batching: what is tried, and which to take."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tfx_pipeline.benchmarks.serve.load import LoadResult


@dataclass(frozen=True)
class BatchingSetting:
    """Three of the fields of a batching parameters file, by their names there.

    Attributes:
        max_batch_size: Most rows of a batch.
        batch_timeout_micros: How long a request waits for others, in microseconds.
        num_batch_threads: Batches that run at the same time.
    """

    max_batch_size: int
    batch_timeout_micros: int
    num_batch_threads: int

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in asdict(self).items())

    def flags(self, file: Path) -> list[str]:
        """The server's flags for it; the parameters file is written."""
        lines = [f"{name} {{ value: {value} }}" for name, value in asdict(self).items()]
        # Requests have histories of different lengths.
        file.write_text("\n".join([*lines, "pad_variable_length_inputs: true"]) + "\n", encoding="utf-8")
        return ["--enable_batching", f"--batching_parameters_file={file}"]


TRIED = (BatchingSetting(8, 0, 1), BatchingSetting(8, 2_000, 1), BatchingSetting(4, 1_000, 2))
"""For two cores and eight clients: no waiting, some waiting, and two batches at a time."""


def recommended(results: Mapping[BatchingSetting | None, LoadResult]) -> BatchingSetting | None:
    """The setting that answers most requests a second without an error; None is no batching.

    Raises:
        ValueError: Nothing was measured.
    """
    if not results:
        raise ValueError("results: nothing was measured")
    return max(results, key=lambda setting: (not results[setting].errors, results[setting].throughput))
