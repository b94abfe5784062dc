"""Leaves the examples of some users out of what the models learn from."""

import shutil
from collections.abc import Collection
from pathlib import Path

from tfx_pipeline.forgetting.example_files import drop_records, read_records
from tfx_pipeline.sources.errors import DataError
from trainer.features import RANKER, TRAIN, USER_ID

_LEARNED_FROM = (TRAIN, RANKER)


def filter_examples(source: Path, destination: Path, users: Collection[str]) -> int:
    """Copy the files of examples, without those of some users in the splits train and ranker.

    The other splits are as they were, so that evaluation keeps all of its users.

    Args:
        source: Folder of `Split-<name>/*`, and what stands beside them.
        destination: Made if it is not there.
        users: Ids of the users.

    Returns:
        The number of examples that were left out.

    Raises:
        DataError: Fewer than two users are left to learn from.
    """
    shutil.copytree(source, destination, dirs_exist_ok=True)
    if not users:
        return 0
    names = {user.encode() for user in users}
    files = [path for split in _LEARNED_FROM for path in sorted((destination / f"Split-{split}").iterdir())]
    left_out = sum(drop_records(path, lambda record: user_of(record) in names) for path in files)
    training = (destination / f"Split-{TRAIN}").iterdir()
    left = {user_of(record) for path in training for record in read_records(path)}
    if len(left) < 2:
        raise DataError(
            f"automation.threshold: {len(users)} users look automated, and {len(left)} users are left to learn from"
        )
    return left_out


def user_of(record: bytes) -> bytes:
    """The user id of a serialized tf.Example of a user."""
    import tensorflow as tf

    example = tf.train.Example.FromString(record)
    return bytes(example.features.feature[USER_ID].bytes_list.value[0])
