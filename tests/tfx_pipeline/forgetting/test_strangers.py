"""Transformed examples of users whom no vocabulary knows, recognised by their events."""

from collections.abc import Callable
from pathlib import Path

from tfx_pipeline.forgetting.example_files import read_records
from tfx_pipeline.forgetting.lineage import Numbering
from tfx_pipeline.forgetting.strangers import erase
from tfx_pipeline.forgetting.user import User

USERS, ITEMS = ["known"], ["i1", "i2"]
UNKNOWN_USER, UNKNOWN_ITEM = 1, 2


def test_as_many_go_as_the_user_has(
    tmp_path: Path, write_records: Callable[[Path, list[bytes]], None], example: Callable[..., bytes]
) -> None:
    graph, raw = tmp_path / "graph", tmp_path / "raw"
    for name, words in (("user_id", USERS), ("item_id", ITEMS)):
        path = graph / "transform_fn" / "assets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{word}\n" for word in words))
    times = {"timestamps": [5, 6], "baskets": [0, 1], "is_target": [0, 1]}
    later = {**times, "timestamps": [5, 7]}
    write_records(
        raw / "Split-eval" / "data.gz",
        [
            example(user_id=["late"], item_ids=["i1", "new"], **times),
            example(user_id=["twin"], item_ids=["i1", "newer"], **times),
            example(user_id=["other"], item_ids=["i1", "i2"], **times),
        ],
    )
    path = tmp_path / "transformed" / "Split-eval" / "data.gz"
    twins = example(user_id=[UNKNOWN_USER], item_ids=[0, UNKNOWN_ITEM], **times)
    others = [
        example(user_id=[0], item_ids=[0, UNKNOWN_ITEM], **times),
        example(user_id=[UNKNOWN_USER], item_ids=[0, 1], **times),
        example(user_id=[UNKNOWN_USER], item_ids=[0, UNKNOWN_ITEM], **later),
    ]
    write_records(path, [others[0], twins, others[1], twins, others[2]])
    numbering = Numbering(graph, raw)
    assert erase(path, User("late", "late"), numbering) == 1
    assert list(read_records(path)) == [*others[:2], twins, others[2]]
    assert (
        erase(path, User("known", "known"), numbering) == erase(path, User("late", "late"), Numbering(graph, None)) == 0
    )
