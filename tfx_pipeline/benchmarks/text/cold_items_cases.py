"""Cases about items without history: those of the test, and those that held-out items make of the valid rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfx_pipeline.benchmarks.baseline_data.read_rows import read_rows
from tfx_pipeline.benchmarks.quality.data.amazon_industrial import Row, cases_of, read_next_items, read_shop
from tfx_pipeline.benchmarks.quality.snapshot import Shop
from tfx_pipeline.evaluation.cases import EvaluationCases


@dataclass(frozen=True, eq=False)
class ColdItemData:
    """The catalogue and the rows.

    Attributes:
        shop: Title and description as one text, and the brand.
        titles: Title of each item; V.
        valid: Rows to learn from.
        test: Rows to be measured on.
    """

    shop: Shop
    titles: list[str]
    valid: list[Row]
    test: list[Row]


def read_cold_item_data(data_dir: Path) -> ColdItemData:
    """Read catalogue, valid rows and test rows.

    Raises:
        DataError: The data are absent.
    """
    folder = data_dir / "amazon_industrial"
    items = folder / "items_industrial.csv.gz"
    return ColdItemData(
        read_shop(items),
        read_rows(items, ["title"])["title"].to_pylist(),
        read_next_items(folder / "next_item_industrial_valid.csv.gz"),
        read_next_items(folder / "next_item_industrial_test.csv.gz"),
    )


def never_seen(rows: Sequence[Row], learned_from: Sequence[Row]) -> list[Row]:
    """The rows whose next item is in none of the other rows, neither in a history nor as the next item."""
    seen = {item for row in learned_from for item in (*row["history"], row["next"])}
    return [row for row in rows if row["next"] not in seen]


def held_out_cases(shop: Shop, rows: Sequence[Row], parts: int, seed: int) -> EvaluationCases:
    """Every row as if its next item had no history.

    The items are cut into parts at random. To the rows that ask for an item of a part, no item of that part was ever
    bought: it is taken out of their histories. Rows without any history left are dropped.

    Args:
        shop: The items.
        rows: Rows of histories and next items.
        parts: Number of parts; one of them at a time is unknown.
        seed: Seed of the cut.
    """
    part_of = np.random.default_rng(seed).integers(0, parts, shop.item_count)
    return cases_of(shop, list(_without_part(rows, part_of.tolist())))


def _without_part(rows: Sequence[Row], part_of: Sequence[int]) -> Iterator[Row]:
    for row in rows:
        history = [item for item in row["history"] if part_of[item] != part_of[row["next"]]]
        if history:
            yield {**row, "history": history}
