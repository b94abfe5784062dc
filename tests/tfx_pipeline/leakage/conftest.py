"""A small shop, the examples that the project's own builder makes of it, and their audit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from tfx_pipeline.config import HistoryConfig
from tfx_pipeline.leakage.audit import audit
from tfx_pipeline.leakage.report import AuditReport
from tfx_pipeline.leakage.windows import AuditSplit
from tfx_pipeline.record_file import write_records
from tfx_pipeline.split import Split
from tfx_pipeline.timeline import Timeline
from tfx_pipeline.user_examples import build_user_examples

NEVER = np.iinfo(np.int64).max
LISTS = ("item_ids", "event_types", "timestamps", "baskets", "is_target")
Example = dict[str, list[Any]]
Examples = dict[str, list[Example]]


class Event(NamedTuple):
    """One event of the tables; a purchase may be returned later, and `window` is what its file says."""

    user: str
    item: str
    kind: str
    time: int
    basket: str = ""
    returned: int = NEVER
    window: int = 0


EVENTS = (
    Event("ann", "milk", "view", 10),
    Event("ann", "milk", "buy", 20, "b1"),
    Event("ann", "tea", "buy", 20, "b1"),
    Event("ann", "egg", "buy", 30, "b1"),
    Event("ann", "jam", "view", 110),
    Event("ann", "jam", "buy", 120, "b2"),
    Event("ann", "rye", "buy", 130, "b2"),
    Event("ann", "oat", "buy", 210, "b3"),
    Event("ann", "fig", "buy", 220),
    Event("ann", "nut", "buy", 310, "b4"),
    Event("bob", "pea", "buy", 40),
    Event("bob", "bun", "buy", 60, returned=160),
    Event("bob", "cup", "buy", 70, returned=90),
    Event("bob", "pan", "buy", 80),
    Event("bob", "soy", "buy", 150),
    Event("bob", "ice", "buy", 230, returned=250),
    Event("bob", "rice", "buy", 240),
)


class Shop:
    """Examples are dictionaries of lists here, so that tests can spoil them."""

    by_time = AuditSplit("time", 100, 200, 300)
    history = HistoryConfig(window=10, context=5, length=10)
    events = EVENTS

    def event(self, *values: Any, **named: Any) -> Event:
        """One event."""
        return Event(*values, **named)

    def named(self, item: str, kind: str = "buy") -> Event:
        """An event of the small shop by its item."""
        return next(event for event in EVENTS if (event.item, event.kind) == (item, kind))

    def write_tables(self, folder: Path, events: Any = EVENTS) -> Path:
        """Write the events in two parts."""
        (folder / "events").mkdir(parents=True, exist_ok=True)
        for number, part in enumerate(_parts(events)):
            pq.write_table(part, folder / "events" / f"part-{number:05d}-of-00002.parquet")
        return folder

    def build(self, events: Any = EVENTS, split: AuditSplit = by_time, history: HistoryConfig = history) -> Examples:
        """What the project's own builder makes of the events."""
        examples: Examples = {}
        for part in _parts(events):
            timeline = Timeline.of(part, Split(split.method, *split.boundaries))
            for name, serialized in build_user_examples(part, timeline, history).items():
                examples.setdefault(name, []).extend(map(_parse, serialized))
        return examples

    def audit(self, folder: Path, examples: Examples, events: Any = EVENTS, split: AuditSplit = by_time) -> AuditReport:
        """Write events and examples, and audit them."""
        files = {name: folder / f"Split-{name}" / "data_tfrecord-00000-of-00001.gz" for name in examples}
        for name, path in files.items():
            write_records(path, map(self.serialize, examples[name]))
        return audit({name: [path] for name, path in files.items()}, self.write_tables(folder, events), split)

    def serialize(self, example: Example) -> bytes:
        """One example as a serialized tf.Example."""
        values = tf.train.Example()
        for name, entries in example.items():
            feature = values.features.feature[name]
            is_text = name in ("user_id", "item_ids", "event_types")
            (feature.bytes_list if is_text else feature.int64_list).value.extend(entries)
        return values.SerializeToString()

    def of(self, examples: Examples, split: str, user: str) -> Example:
        """The first example of a user."""
        return next(example for example in examples[split] if example["user_id"] == [user.encode()])

    def place(self, example: Example, item: str, kind: str = "buy") -> int:
        """Position of an event in an example."""
        pairs = list(zip(example["item_ids"], example["event_types"], strict=True))
        return pairs.index((item.encode(), kind.encode()))

    def put(self, example: Example, event: Event, at: int, is_target: int) -> None:
        """Insert an event into an example, with a basket number of its own."""
        values = (event.item.encode(), event.kind.encode(), event.time, 77, is_target)
        for name, value in zip(LISTS, values, strict=True):
            example[name].insert(at, value)

    def targets(self, example: Example) -> list[str]:
        """Items of the targets of an example."""
        pairs = zip(example["item_ids"], example["is_target"], strict=True)
        return [item.decode() for item, is_target in pairs if is_target]


def _parts(events: Any) -> Iterator[pa.Table]:
    """Two tables as ingestion orders them, one with the user `ann` or `a`, one with all others."""
    types = {"time": pa.int64(), "returned": pa.int64(), "window": pa.int8()}
    names = ["user_id", "item_id", "event_type", "timestamp", "basket_id", "returned_at", "window"]
    for is_first in (True, False):
        chosen = [event for event in events if (event.user < "b") == is_first]
        ordered = sorted(chosen, key=lambda event: (event.user, event.window, event.time))
        columns = [
            pa.array([getattr(event, name) for event in ordered], types.get(name, pa.string()))
            for name in Event._fields
        ]
        yield pa.table(columns, names=names)


def _parse(serialized: bytes) -> Example:
    values = tf.train.Example.FromString(serialized).features.feature
    return {name: list(getattr(values[name], values[name].WhichOneof("kind")).value) for name in ("user_id", *LISTS)}


@pytest.fixture(scope="session")
def shop() -> Shop:
    """The small shop and what can be done with it."""
    return Shop()
