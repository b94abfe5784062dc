"""The component end to end on Beam's in-process runner, beside what the plain functions give."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from tfx.types import artifact_utils, standard_artifacts

from tfx_pipeline.components import example_builder
from tfx_pipeline.components.artifacts import ShopTables
from tfx_pipeline.components.example_builder import SPLITS, ExampleBuilder
from tfx_pipeline.config import HistoryConfig, SplitConfig
from tfx_pipeline.item_examples import build_item_examples, price_sums
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.time_split import split_in_time
from tfx_pipeline.user_examples import build_user_examples
from trainer.features import CATALOGUE, EVAL, RANKER, TRAIN, USERS

NAN = float("nan")
HISTORY = HistoryConfig(window=5, context=3, length=8)
SPLIT = SplitConfig(shares=(0.5, 0.7, 0.85))
MakeArtifact = Callable[..., Any]


def random_events(count: int) -> pa.Table:
    """Many ties, baskets that two users share, and a price for most."""
    draw = random.Random(7)
    rows = [
        {
            "user_id": f"user {draw.randrange(12)}",
            "item_id": f"i{draw.randrange(20)}",
            "event_type": draw.choice(["buy", "view"]),
            "timestamp": 1_500_000_000 + draw.randrange(60),
            "basket_id": draw.choice(["", "", "b1", "b2", "b3"]),
            "price": draw.choice([NAN, 0.5, 2.0, 8.0]),
        }
        for _ in range(count)
    ]
    return pa.Table.from_pylist(rows)


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


def run(events: pa.Table, make_artifact: MakeArtifact, split: SplitConfig = SPLIT) -> Any:
    """The examples artifact of a shop whose events lie in row groups of 50."""
    tables, examples = make_artifact(ShopTables), make_artifact(standard_artifacts.Examples)
    pq.write_table(events, Path(tables.uri) / "events.parquet", row_group_size=50)
    pq.write_table(catalogue(), Path(tables.uri) / "items.parquet")
    ExampleBuilder.test_call(
        tables=tables,
        split=split.model_dump_json(),
        history=HISTORY.model_dump_json(),
        examples=examples,
        beam_pipeline=beam.Pipeline(runner=FnApiRunner()),
    )
    return examples


def read(examples: Any, split: str) -> list[dict[str, list[Any]]]:
    files = sorted(str(path) for path in Path(examples.uri, f"Split-{split}").iterdir())
    records = tf.data.TFRecordDataset(files, compression_type="GZIP")
    return [parse(record) for record in records.as_numpy_iterator()]


def parse(record: bytes) -> dict[str, list[Any]]:
    features = tf.train.Example.FromString(record).features.feature
    return {name: list(getattr(feature, feature.WhichOneof("kind")).value) for name, feature in features.items()}


def in_order(examples: list[dict[str, list[Any]]]) -> list[dict[str, list[Any]]]:
    return sorted(examples, key=lambda example: sorted(example.items()))


@pytest.fixture(scope="module")
def events() -> pa.Table:
    return random_events(330)


@pytest.fixture(scope="module")
def built(events: pa.Table, make_artifact: MakeArtifact) -> Any:
    """The examples of a run whose users are spread over five shards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(example_builder, "_EVENTS_PER_SHARD", 66)
        return run(events, make_artifact)


def test_every_split_is_written(built: Any) -> None:
    assert artifact_utils.decode_split_names(built.split_names) == [TRAIN, RANKER, EVAL, USERS, CATALOGUE]
    assert sorted(path.name for path in Path(built.uri).iterdir()) == sorted(f"Split-{name}" for name in SPLITS)
    assert all(path.suffix == ".gz" for path in Path(built.uri).glob("*/*"))


def test_users_from_several_shards_and_row_groups_are_those_of_one_table(built: Any, events: pa.Table) -> None:
    boundaries = split_in_time(events["timestamp"].to_numpy(), SPLIT, "events")
    numbered = events.append_column("row", pa.array(range(len(events))))
    for name, batch in build_user_examples(numbered, boundaries, HISTORY).items():
        assert batch.num_rows >= 10, name
        assert in_order(read(built, name)) == in_order(batch.to_pylist()), name


def test_the_catalogue_takes_prices_from_before_the_eval_window(built: Any, events: pa.Table) -> None:
    boundaries = split_in_time(events["timestamp"].to_numpy(), SPLIT, "events")
    expected = build_item_examples(catalogue(), price_sums(events, boundaries.eval_start)).to_pylist()
    assert expected != build_item_examples(catalogue(), price_sums(events, 2**40)).to_pylist()
    found = read(built, CATALOGUE)
    assert [example["item_id"] for example in found] == [example["item_id"] for example in expected]
    for example, wanted in zip(found, expected, strict=True):
        # Beam adds the prices in another order.
        assert example.pop("price") == pytest.approx(wanted.pop("price"))
        assert example == wanted


def test_a_shop_without_baskets_and_prices(events: pa.Table, make_artifact: MakeArtifact) -> None:
    examples = run(events.drop(["basket_id", "price"]), make_artifact)
    assert sum(sum(example["is_target"]) for example in read(examples, TRAIN)) == pytest.approx(165, abs=10)
    assert [len(example["price"]) for example in read(examples, CATALOGUE)][:6] == [1, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("users", "split", "line"),
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
    ],
    ids=["one user in training", "one user", "nothing to learn from", "nothing to test on"],
)
def test_events_that_cannot_be_used(users: str, split: dict[str, int], line: str, make_artifact: MakeArtifact) -> None:
    tables, examples = make_artifact(ShopTables), make_artifact(standard_artifacts.Examples)
    file = Path(tables.uri) / "events.parquet"
    pq.write_table(pa.table({"user_id": list(users), "timestamp": [101, 102, 103, 104]}), file)
    config = SplitConfig.model_validate({"shares": (0.25, 0.5, 0.75), **split})
    with pytest.raises(DataError) as error:
        ExampleBuilder.test_call(
            tables=tables,
            split=config.model_dump_json(),
            history=HISTORY.model_dump_json(),
            examples=examples,
            beam_pipeline=beam.Pipeline(runner=FnApiRunner()),
        )
    assert str(error.value) == f"{file}: {line}"
    assert list(Path(examples.uri).iterdir()) == []
