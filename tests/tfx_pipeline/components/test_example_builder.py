"""The component end to end on Beam's in-process runner, beside what the plain functions give."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from tfx.types import artifact_utils, standard_artifacts

from tfx_pipeline.components.artifacts import ShopTables
from tfx_pipeline.components.example_builder import ExampleBuilder
from tfx_pipeline.config import HistoryConfig, SplitConfig
from tfx_pipeline.example_files import SPLIT_FILE, SPLITS
from tfx_pipeline.item_examples import build_item_examples, price_sums
from tfx_pipeline.sources.contract import FILE, ROW
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.event_files import shard_path
from tfx_pipeline.sources.event_shards import in_order
from tfx_pipeline.sources.ingest import in_process
from tfx_pipeline.split import Split, find_split
from tfx_pipeline.timeline import Timeline
from tfx_pipeline.user_examples import build_user_examples
from trainer.features import CATALOGUE, EVAL, RANKER, TRAIN, USERS

NAN = float("nan")
HISTORY = HistoryConfig(window=5, context=3, length=8)
SPLIT = SplitConfig(shares=(0.5, 0.7, 0.85))
SHARDS = 5
MakeArtifact = Callable[..., Any]


def random_events(count: int) -> pa.Table:
    """Many ties, baskets that two users share, and a price for most; as ingestion orders them."""
    draw = random.Random(7)
    rows = [
        {
            "user_id": f"user {draw.randrange(12)}",
            "item_id": f"i{draw.randrange(20)}",
            "event_type": draw.choice(["buy", "view"]),
            "timestamp": 1_500_000_000 + draw.randrange(60),
            "basket_id": draw.choice(["", "", "b1", "b2", "b3"]),
            "price": draw.choice([NAN, 0.5, 2.0, 8.0]),
            FILE: 0,
            ROW: row,
        }
        for row in range(count)
    ]
    return in_order(pa.Table.from_pylist(rows)).drop([FILE, ROW])


def catalogue() -> pa.Table:
    size = 22
    return pa.table(
        {
            "item_id": [f"i{number}" for number in range(size)],
            "title": [f"Title {number}" if number % 2 else "" for number in range(size)],
            "description": [""] * size,
            "category": ["food > bread"] * size,
            "brand": [""] * size,
            "price": [1.25 if number % 5 == 0 else NAN for number in range(size)],
            "available": [True] * size,
        }
    )


def shard_of(events: pa.Table, shard: int) -> pa.Table:
    """The events of the users of a shard; the last but one has none."""
    numbers = [int(user.split()[1]) % SHARDS for user in events["user_id"].to_pylist()]
    return events.filter(pa.array([(number if number != SHARDS - 2 else SHARDS - 1) == shard for number in numbers]))


def run(events: pa.Table, make_artifact: MakeArtifact, split: SplitConfig = SPLIT, shards: int = SHARDS) -> Any:
    """The examples artifact of a shop whose events lie in several shards."""
    tables, examples = make_artifact(ShopTables), make_artifact(standard_artifacts.Examples)
    for shard in range(shards):
        path = shard_path(Path(tables.uri), shard, shards)
        path.parent.mkdir(exist_ok=True)
        pq.write_table(events if shards == 1 else shard_of(events, shard), path, row_group_size=50)
    pq.write_table(catalogue(), Path(tables.uri) / "items.parquet")
    ExampleBuilder.test_call(
        tables=tables,
        split=split.model_dump_json(),
        history=HISTORY.model_dump_json(),
        examples=examples,
        beam_pipeline=in_process(),
    )
    return examples


def records(examples: Any, split: str) -> list[bytes]:
    files = sorted(str(path) for path in Path(examples.uri, f"Split-{split}").iterdir())
    return list(tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator())


def parse(record: bytes) -> dict[str, list[Any]]:
    features = tf.train.Example.FromString(record).features.feature
    return {name: list(getattr(value, value.WhichOneof("kind")).value) for name, value in features.items()}


def read(examples: Any, split: str) -> list[dict[str, list[Any]]]:
    return [parse(record) for record in records(examples, split)]


@pytest.fixture(scope="module")
def events() -> pa.Table:
    return random_events(330)


@pytest.fixture(scope="module")
def built(events: pa.Table, make_artifact: MakeArtifact) -> Any:
    """The examples of a run whose users are spread over five shards."""
    return run(events, make_artifact)


@pytest.fixture(scope="module")
def split(events: pa.Table) -> Split:
    return find_split(events["timestamp"].to_numpy(), None, SPLIT, "events")


def test_every_split_is_written(built: Any, split: Split) -> None:
    assert artifact_utils.decode_split_names(built.split_names) == [TRAIN, RANKER, EVAL, USERS, CATALOGUE]
    visible = sorted(path.name for path in Path(built.uri).iterdir() if not path.name.startswith("."))
    assert visible == sorted([*(f"Split-{name}" for name in SPLITS), SPLIT_FILE])
    assert {len(list(Path(built.uri, f"Split-{name}").iterdir())) for name in SPLITS if name != CATALOGUE} == {SHARDS}
    assert all(path.suffix == ".gz" for path in Path(built.uri).glob("Split-*/*"))
    assert Split(**json.loads((Path(built.uri) / SPLIT_FILE).read_text())) == split


def test_users_from_several_shards_are_those_of_one_table(built: Any, events: pa.Table, split: Split) -> None:
    for name, examples in build_user_examples(events, Timeline.of(events, split), HISTORY).items():
        expected = sorted(examples)
        assert len(expected) >= 10, name
        assert sorted(records(built, name)) == expected, name


def test_one_shard_gives_the_same_examples(built: Any, events: pa.Table, make_artifact: MakeArtifact) -> None:
    whole = run(events, make_artifact, shards=1)
    for name in (TRAIN, RANKER, EVAL, USERS):
        assert sorted(records(whole, name)) == sorted(records(built, name)), name
    assert read(whole, CATALOGUE) == read(built, CATALOGUE)


def test_the_catalogue_takes_prices_from_before_the_eval_window(built: Any, events: pa.Table, split: Split) -> None:
    windows = Timeline.of(events, split).windows

    def expected(of_windows: Any) -> list[dict[str, list[Any]]]:
        return build_item_examples(catalogue(), price_sums(events, of_windows)).to_pylist()

    assert expected(windows) != expected(windows * 0)
    assert read(built, CATALOGUE) == expected(windows)


def test_a_shop_without_baskets_and_prices(events: pa.Table, make_artifact: MakeArtifact) -> None:
    examples = run(events.drop(["basket_id", "price"]), make_artifact)
    assert sum(sum(example["is_target"]) for example in read(examples, TRAIN)) == pytest.approx(165, abs=10)
    assert [len(example.get("price", [])) for example in read(examples, CATALOGUE)][:6] == [1, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("users", "split_", "line"),
    [
        ("abcd", {}, "1 user in the training window; the towers need at least two"),
        ("aaaa", {}, "1 user in the training window; the towers need at least two"),
        (
            "abab",
            {"ranker_start": 100, "eval_start": 103, "test_start": 104},
            "no events in the training window (it ends at 1970-01-01T00:01:40, "
            "events run from 1970-01-01T00:01:41 to 1970-01-01T00:01:44)",
        ),
        (
            "abab",
            {"ranker_start": 103, "eval_start": 104, "test_start": 200},
            "no events in the test window (it starts at 1970-01-01T00:03:20, "
            "events run from 1970-01-01T00:01:41 to 1970-01-01T00:01:44)",
        ),
        ("abab", {"method": "files"}, "split.method files needs eval_path and test_path in data.events"),
    ],
    ids=["one user in training", "one user", "nothing to learn from", "nothing to test on", "no files for the split"],
)
def test_events_that_cannot_be_used(users: str, split_: dict[str, Any], line: str, make_artifact: MakeArtifact) -> None:
    tables, examples = make_artifact(ShopTables), make_artifact(standard_artifacts.Examples)
    file = shard_path(Path(tables.uri), 0, 1)
    file.parent.mkdir()
    columns = {
        "user_id": list(users),
        "item_id": ["i"] * 4,
        "event_type": ["buy"] * 4,
        "timestamp": [101, 102, 103, 104],
    }
    pq.write_table(pa.table(columns).sort_by([("user_id", "ascending"), ("timestamp", "ascending")]), file)
    pq.write_table(catalogue(), Path(tables.uri) / "items.parquet")
    config = SplitConfig.model_validate({"shares": (0.25, 0.5, 0.75), **split_})
    with pytest.raises(DataError) as error:
        ExampleBuilder.test_call(
            tables=tables,
            split=config.model_dump_json(),
            history=HISTORY.model_dump_json(),
            examples=examples,
            beam_pipeline=in_process(),
        )
    assert str(error.value) == f"{file.parent}: {line}"
