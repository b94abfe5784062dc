"""User ids in what TensorFlow Data Validation writes."""

from pathlib import Path

import pytest
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2

from tfx_pipeline.forgetting.user import REDACTED, User
from tfx_pipeline.forgetting.validation_files import erase_in_anomalies, erase_in_statistics

USER = User("12", "12")


def test_statistics_keep_their_counts_and_items(tmp_path: Path) -> None:
    path = tmp_path / "FeatureStats.pb"
    statistics = statistics_pb2.DatasetFeatureStatisticsList()
    features = [statistics.datasets.add(num_examples=3).features.add() for _ in range(3)]
    features[0].name = "user_id"
    features[1].path.step.extend(["user_id"])
    features[2].path.step.extend(["item_ids"])
    for feature in features:
        for value in ("12", "121"):
            feature.string_stats.top_values.add(value=value, frequency=2)
            feature.string_stats.rank_histogram.buckets.add(label=value, sample_count=2)
    path.write_bytes(statistics.SerializeToString())
    assert erase_in_statistics(path, USER) == 4
    for feature in features[:2]:
        feature.string_stats.top_values[0].value = USER.tombstone
        feature.string_stats.rank_histogram.buckets[0].label = USER.tombstone
    assert statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes()) == statistics
    assert erase_in_statistics(path, USER) == 0


def test_anomalies_of_users_alone_are_redacted(tmp_path: Path) -> None:
    path = tmp_path / "SchemaDiff.pb"
    anomalies = anomalies_pb2.Anomalies()
    for name in ("user_id", "item_ids"):
        info = anomalies.anomaly_info[name]
        info.description = "Unexpected string values: 12 (~12%), 121."
        info.reason.add(description="The feature value with maximum difference is: 12", short_description="121")
    path.write_bytes(anomalies.SerializeToString())
    assert erase_in_anomalies(path, USER) == 2
    found = anomalies_pb2.Anomalies.FromString(path.read_bytes()).anomaly_info
    assert found["item_ids"] == anomalies.anomaly_info["item_ids"]
    assert found["user_id"].description == f"Unexpected string values: {REDACTED} (~{REDACTED}%), 121."
    reason = found["user_id"].reason[0]
    assert (reason.description.rpartition(": ")[2], reason.short_description) == (REDACTED, "121")
    assert erase_in_anomalies(path, USER) == 0


@pytest.mark.parametrize("erase", [erase_in_statistics, erase_in_anomalies])
def test_files_that_are_not_sound(tmp_path: Path, erase: object) -> None:
    path = tmp_path / "half.pb"
    path.write_bytes(b"\xff\xff")
    with pytest.raises(ValueError, match=rf"^{path}: not a (DatasetFeatureStatisticsList|Anomalies)$"):
        erase(path, USER)  # type: ignore[operator]
