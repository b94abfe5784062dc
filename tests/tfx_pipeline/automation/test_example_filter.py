import json
from pathlib import Path

import pytest
import tensorflow as tf

from tfx_pipeline.automation.example_filter import filter_examples, user_of
from tfx_pipeline.forgetting.example_files import read_records
from tfx_pipeline.record_file import write_records
from tfx_pipeline.sources.errors import DataError

SPLITS = ("train", "ranker", "eval", "users", "catalogue")


def example(user: str) -> bytes:
    value = tf.train.Feature(bytes_list=tf.train.BytesList(value=[user.encode()]))
    return tf.train.Example(features=tf.train.Features(feature={"user_id": value})).SerializeToString()


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    folder = tmp_path / "examples"
    for split in SPLITS:
        write_records(folder / f"Split-{split}" / "data_tfrecord-00000-of-00002.gz", map(example, "abbc"))
        write_records(folder / f"Split-{split}" / "data_tfrecord-00001-of-00002.gz", map(example, "db"))
    (folder / "split.json").write_text(json.dumps({"method": "time"}))
    return folder


def users_of(folder: Path, split: str) -> str:
    files = sorted((folder / f"Split-{split}").iterdir())
    return "".join(user_of(record).decode() for path in files for record in read_records(path))


def test_training_goes_without_them_and_evaluation_does_not(tmp_path: Path, examples: Path) -> None:
    kept = tmp_path / "kept"
    assert filter_examples(examples, kept, ["b", "nobody"]) == 6
    assert [users_of(kept, split) for split in SPLITS] == ["acd", "acd", "abbcdb", "abbcdb", "abbcdb"]
    assert (kept / "split.json").read_bytes() == (examples / "split.json").read_bytes()
    assert users_of(examples, "train") == "abbcdb"


def test_without_suspects_all_stays_byte_for_byte(tmp_path: Path, examples: Path) -> None:
    assert filter_examples(examples, tmp_path / "kept", []) == 0
    for path in examples.rglob("*.gz"):
        assert (tmp_path / "kept" / path.relative_to(examples)).read_bytes() == path.read_bytes()


def test_somebody_must_be_left(tmp_path: Path, examples: Path) -> None:
    message = "^automation.threshold: 3 users look automated, and 1 users are left to learn from$"
    with pytest.raises(DataError, match=message):
        filter_examples(examples, tmp_path / "kept", ["a", "b", "c"])
