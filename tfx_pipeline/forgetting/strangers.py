"""Transformed examples of a user whom the vocabulary does not know, such as one who came in the eval window.

The vocabulary is that of the training window, and all others share one row. Such an example is recognised by its
events: its times and baskets passed the transform graph as they were, and its items are rows of their vocabulary.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfx_pipeline.forgetting.example_files import drop_records, is_of_user, parse_example, read_records
from tfx_pipeline.forgetting.lineage import Numbering
from tfx_pipeline.forgetting.user import User
from tfx_pipeline.forgetting.vocabularies import read_rows, vocabulary_file
from trainer.features import ITEM_ID, ITEM_IDS, USER_EXAMPLE, USER_ID

_UNCHANGED = tuple(feature.name for feature in USER_EXAMPLE if feature.kind == "int")

Events = tuple[tuple[int, ...], ...]
"""The values of the unchanged features, and the rows of the items."""


def erase(path: Path, user: User, numbering: Numbering) -> int:
    """Rewrite a file of transformed examples without those of a stranger; order and compression stay.

    The raw examples must still be there. Where strangers have equal examples, as many go as the user has.

    Args:
        path: A file of a split.
        user: Whose examples go.
        numbering: Where the vocabularies and the raw examples are.

    Returns:
        The number of examples removed; the file is not touched if there is none.

    Raises:
        ValueError: A file is not a sound TFRecord file of tf.Examples.
    """
    items = read_rows(vocabulary_file(numbering.graph, ITEM_ID))
    unknown = len(read_rows(vocabulary_file(numbering.graph, USER_ID)))
    wanted = Counter(_raw_events(feature, items) for feature in _raw_examples(path, user, numbering))

    def is_dropped(record: bytes) -> bool:
        feature = parse_example(record)
        if unknown not in feature[USER_ID].int64_list.value:
            return False
        events = _events(feature, tuple(feature[ITEM_IDS].int64_list.value))
        wanted[events] -= 1
        return wanted[events] >= 0

    return drop_records(path, is_dropped) if wanted else 0


def _raw_examples(path: Path, user: User, numbering: Numbering) -> Iterator[Any]:
    """The user's raw examples in the split of a file of transformed ones."""
    if numbering.raw is None:
        return
    named = is_of_user(user)
    for raw in sorted((numbering.raw / path.parent.name).glob("*")):
        yield from (parse_example(record) for record in read_records(raw) if named(record))


def _raw_events(feature: Any, items: dict[bytes, int]) -> Events:
    return _events(feature, tuple(items.get(item, len(items)) for item in feature[ITEM_IDS].bytes_list.value))


def _events(feature: Any, items: tuple[int, ...]) -> Events:
    return (*(tuple(feature[name].int64_list.value) for name in _UNCHANGED), items)
