"""TFRecord files of tf.Examples, raw ones with a user's id and transformed ones with the user's row."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from tfx_pipeline.forgetting.user import User
from tfx_pipeline.write_aside import write_aside
from trainer.features import USER_ID

_GZIP_MAGIC = b"\x1f\x8b"
_BATCH_RECORDS = 1024


def erase(path: Path, user: User, rows: Collection[int] = ()) -> int:
    """Rewrite a file without the examples of a user; order and compression stay.

    Args:
        path: TFRecord file, compressed with gzip or not.
        user: Whose examples go: those that have the id as the value of `user_id`.
        rows: Rows of the user, for examples in which `user_id` is a row of a vocabulary.

    Returns:
        The number of examples removed; the file is not touched if there is none.

    Raises:
        ValueError: The file is not a sound TFRecord file of tf.Examples.
    """
    return drop_records(path, is_of_user(user, rows))


def drop_records(path: Path, is_dropped: Callable[[bytes], bool]) -> int:
    """Rewrite a TFRecord file without some of its records.

    Args:
        path: TFRecord file, compressed with gzip or not.
        is_dropped: Whether a record goes; asked once of every record, in order.

    Returns:
        The number of records removed; the file is not touched if there is none.

    Raises:
        ValueError: The file is not a sound TFRecord file.
    """
    import tensorflow as tf

    dropped = [is_dropped(record) for record in read_records(path)]
    if any(dropped):
        with write_aside(path) as aside, tf.io.TFRecordWriter(str(aside), options=_compression(path)) as writer:
            for record, drop in zip(read_records(path), dropped, strict=True):
                if not drop:
                    writer.write(record)
    return sum(dropped)


def read_records(path: Path) -> Iterator[bytes]:
    """The records of a TFRecord file, compressed with gzip or not, in order.

    Raises:
        ValueError: The file is not a sound TFRecord file.
    """
    import tensorflow as tf

    records = tf.data.TFRecordDataset(str(path), _compression(path)).batch(_BATCH_RECORDS)
    try:
        for batch in records.as_numpy_iterator():
            yield from batch
    except tf.errors.OpError as error:
        raise ValueError(f"{path}: not a sound TFRecord file") from error


def parse_example(record: bytes) -> Any:
    """The feature map of a serialized `tf.Example`.

    Raises:
        ValueError: It is none.
    """
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    try:
        return tf.train.Example.FromString(record).features.feature
    except DecodeError as error:
        raise ValueError("a record is not a tf.Example") from error


def is_of_user(user: User, rows: Collection[int] = ()) -> Callable[[bytes], bool]:
    """Whether a serialized `tf.Example` has the user's id, or one of the user's rows, in `user_id`."""
    ids = {each.encode() for each in user.ids}
    # A record that does not have these bytes anywhere need not be parsed.
    needles = [*ids, *map(_varint, rows)]

    def check(record: bytes) -> bool:
        if not any(needle in record for needle in needles):
            return False
        feature = parse_example(record)
        if USER_ID not in feature:
            return False
        named = not ids.isdisjoint(feature[USER_ID].bytes_list.value)
        return named or any(row in rows for row in feature[USER_ID].int64_list.value)

    return check


def _varint(value: int) -> bytes:
    """A whole number as Protocol Buffers writes it: seven bits a byte, lowest first."""
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def _compression(path: Path) -> str:
    with path.open("rb") as file:
        return "GZIP" if file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC else ""
