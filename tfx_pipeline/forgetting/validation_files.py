"""What TensorFlow Data Validation writes: statistics, whose most frequent values are user ids, and anomalies."""

import re
from pathlib import Path

from google.protobuf.message import DecodeError, Message

from tfx_pipeline.forgetting.user import REDACTED, User
from tfx_pipeline.write_aside import write_aside
from trainer.features import USER_ID

STATISTICS_FILE, ANOMALIES_FILE = "FeatureStats.pb", "SchemaDiff.pb"


def erase_in_statistics(path: Path, user: User) -> int:
    """Put the tombstone where statistics of `user_id` list the user's id; counts stay, they are sums over users.

    Returns:
        The number of values that changed; the file is not touched if there is none.

    Raises:
        ValueError: The file is no list of statistics.
    """
    from tensorflow_metadata.proto.v0 import statistics_pb2

    statistics = _parse(path, statistics_pb2.DatasetFeatureStatisticsList())
    changed = 0
    for dataset in statistics.datasets:
        for feature in dataset.features:
            if USER_ID in (feature.name, *feature.path.step[-1:]):
                changed += _bury(feature.string_stats, user)
    return _write(path, statistics, changed)


def erase_in_anomalies(path: Path, user: User) -> int:
    """Take the user's id out of what is said of anomalies of `user_id`.

    Returns:
        The number of texts that changed; the file is not touched if there is none.

    Raises:
        ValueError: The file holds no anomalies.
    """
    from tensorflow_metadata.proto.v0 import anomalies_pb2

    anomalies = _parse(path, anomalies_pb2.Anomalies())
    words = [re.compile(rf"(?<![\w-]){re.escape(each)}(?![\w-])") for each in user.ids]
    changed = 0
    for feature, info in anomalies.anomaly_info.items():
        if feature.rpartition(".")[2] == USER_ID:
            changed += sum(_redact(text, words) for text in (info, *info.reason))
    return _write(path, anomalies, changed)


def _bury(strings: Message, user: User) -> int:
    changed = 0
    for value in strings.top_values:
        if value.value in user.ids:
            value.value = user.tombstone
            changed += 1
    for bucket in strings.rank_histogram.buckets:
        if bucket.label in user.ids:
            bucket.label = user.tombstone
            changed += 1
    return changed


def _redact(text: Message, words: list[re.Pattern[str]]) -> int:
    """Redact the two descriptions of an anomaly or of a reason."""
    changed = 0
    for name in ("description", "short_description"):
        before = after = getattr(text, name)
        for word in words:
            after = word.sub(REDACTED, after)
        setattr(text, name, after)
        changed += before != after
    return changed


def _parse(path: Path, message: Message) -> Message:
    try:
        message.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise ValueError(f"{path}: not a {message.DESCRIPTOR.name}") from error
    return message


def _write(path: Path, message: Message, changed: int) -> int:
    if changed:
        with write_aside(path) as aside:
            aside.write_bytes(message.SerializeToString())
    return changed
