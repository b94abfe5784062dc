"""What a shop says of an item after training: of a new one, or of one that has changed."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ItemRecord:
    """One item; what is empty or None was not said.

    Attributes:
        item_id: The shop's id.
        title: Display text.
        description: Further text.
        category: Path such as `food > bread > toast`.
        brand: Name of the brand.
        price: Price, not below 0.
        available: Whether the item may be in an answer; an item that nobody hid may.
        numbers: The shop's own numbers by the name of their column, such as a margin.
    """

    item_id: str
    title: str = ""
    description: str = ""
    category: str = ""
    brand: str = ""
    price: float | None = None
    available: bool | None = None
    numbers: dict[str, float] = field(default_factory=dict)

    def value(self, name: str) -> float | None:
        """The price or one of the shop's own numbers; None where it was not said."""
        return self.price if name == "price" else self.numbers.get(name)

    def then(self, later: "ItemRecord") -> "ItemRecord":
        """What is known after a later record of the same item: what that one does not say stays."""
        said = {name: value for name, value in asdict(later).items() if value not in ("", None)}
        return ItemRecord(**{**asdict(self), **said, "numbers": {**self.numbers, **later.numbers}})


def merged(earlier: Sequence[ItemRecord], later: Sequence[ItemRecord]) -> list[ItemRecord]:
    """One record an item, in the order in which the items were first named."""
    records: dict[str, ItemRecord] = {}
    for record in (*earlier, *later):
        known = records.get(record.item_id)
        records[record.item_id] = record if known is None else known.then(record)
    return list(records.values())


def write_records(records: Iterable[ItemRecord], path: Path) -> None:
    """Write a JSON object a line; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(record), ensure_ascii=False) + "\n" for record in records)


def read_records(path: Path) -> list[ItemRecord]:
    """Read what `write_records` wrote; a file that is not there holds no records.

    Raises:
        ValueError: A line is not one of ours; the error names it.
    """
    if not path.exists():
        return []
    # Not splitlines: a text may hold line ends of Unicode.
    lines = path.read_bytes().decode("utf-8").split("\n")
    return [_record(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1) if line]


def _record(line: str, place: str) -> ItemRecord:
    try:
        return ItemRecord(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{place}: not an item record: {error}") from error
