"""The known-item searches of `search_industrial`: a proxy, without user queries or human labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from tfx_pipeline.benchmarks.baseline_data.read_rows import read_rows

FOLDER = "search_industrial"
Kind = Literal["short", "full_title"]
KINDS: tuple[Kind, ...] = ("short", "full_title")
Split = Literal["dev", "test"]


@dataclass(frozen=True, eq=False)
class Searches:
    """Q queries of one kind and split, each with the one document that answers it.

    Attributes:
        ids: Distinct ids, [Q].
        queries: The texts, [Q].
        answers: Row of the document, int64 [Q].
    """

    ids: list[str]
    queries: list[str]
    answers: np.ndarray


@dataclass(frozen=True, eq=False)
class KnownItems:
    """Descriptions with the titles cut out, and queries made of the titles.

    Attributes:
        documents: The descriptions, [V].
        rows: The queries as they stand in the file.
        row_of: Item -> row of its description.
    """

    documents: list[str]
    rows: list[dict[str, str]]
    row_of: dict[str, int]

    @classmethod
    def read(cls, data_dir: Path) -> "KnownItems":
        """Read the folder of real data.

        Raises:
            DataError: A file is missing or cannot be read.
        """
        folder = data_dir / FOLDER
        documents = read_rows(folder / "docs_industrial.csv.gz", ["item_id", "text"])
        columns = ["query_id", "kind", "query", "relevant_item_id", "split"]
        queries = read_rows(folder / "queries_industrial.csv.gz", columns).to_pylist()
        row_of = {item: row for row, item in enumerate(documents["item_id"].to_pylist())}
        return cls(documents["text"].to_pylist(), queries, row_of)

    def searches(self, kind: Kind, split: Split) -> Searches:
        """The queries of one kind; the splits share no item."""
        chosen = [row for row in self.rows if (row["kind"], row["split"]) == (kind, split)]
        answers = np.array([self.row_of[row["relevant_item_id"]] for row in chosen], np.int64)
        return Searches([row["query_id"] for row in chosen], [row["query"] for row in chosen], answers)
