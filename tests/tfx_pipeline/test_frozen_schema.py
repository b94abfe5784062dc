"""The files of a frozen schema; what is wrong with them is tested where the pipeline reads them."""

from pathlib import Path

import pytest
from tensorflow_metadata.proto.v0 import schema_pb2

from tfx_pipeline.frozen_schema import FrozenSchema, freeze, frozen_schema, read_frozen
from tfx_pipeline.sources.errors import DataError
from trainer.features import Feature

CONTRACT = (Feature("user_id", "string"),)


def schema(*names: str) -> schema_pb2.Schema:
    return schema_pb2.Schema(feature=[schema_pb2.Feature(name=name, type=schema_pb2.BYTES) for name in names])


def test_what_was_frozen_is_read_back(tmp_path: Path) -> None:
    paths = freeze(schema("user_id", "event_channel"), schema("item_id"), tmp_path)
    assert paths == [tmp_path / "schema" / "users.pbtxt", tmp_path / "schema" / "items.pbtxt"]
    assert read_frozen(paths[0], CONTRACT) == schema("user_id", "event_channel")
    assert sorted((tmp_path / "schema").iterdir()) == sorted(paths)
    with pytest.raises(DataError, match=r"items\.pbtxt: the frozen schema lacks user_id, which the data contract has"):
        read_frozen(paths[1], CONTRACT)


def test_the_digest_follows_the_content(tmp_path: Path) -> None:
    assert frozen_schema(tmp_path) == FrozenSchema("", "")
    digests = []
    for names in (["a"], ["a", "b"], ["a"]):
        users, _ = freeze(schema(*names), schema(), tmp_path)
        found = frozen_schema(tmp_path)
        assert found.folder == str(tmp_path / "schema")
        digests.append(found.digest)
    assert digests[0] == digests[2] != digests[1]
    users.unlink()
    assert frozen_schema(tmp_path).digest not in digests
