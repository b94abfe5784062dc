"""`TF_CONFIG` as TensorFlow, Vertex AI and Kubeflow write it."""

import json

import pytest

from trainer.distribution.cluster import Cluster
from trainer.distribution.errors import DistributionError

WORKERS = {"worker": ["a:1", "b:1"]}


def config(cluster: dict[str, list[str]], kind: str, index: object) -> str:
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


@pytest.mark.parametrize(
    ("text", "workers", "index"),
    [
        (config(WORKERS, "worker", 0), ("a:1", "b:1"), 0),
        (config(WORKERS, "worker", 1), ("a:1", "b:1"), 1),
        (config({"chief": ["c:1"], **WORKERS}, "chief", 0), ("c:1", "a:1", "b:1"), 0),
        (config({"chief": ["c:1"], **WORKERS}, "worker", 0), ("c:1", "a:1", "b:1"), 1),
        (config({"chief": ["c:1"], **WORKERS}, "worker", "1"), ("c:1", "a:1", "b:1"), 2),
    ],
)
def test_workers_and_the_chief(
    text: str, workers: tuple[str, ...], index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    cluster = Cluster.from_environment()
    assert cluster == Cluster(workers, index)
    assert cluster.is_chief == (index == 0)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "multi_worker_mirrored needs TF_CONFIG in the environment, such as {"),
        ("{", "TF_CONFIG: expected JSON such as {"),
        ("[]", "TF_CONFIG: expected JSON such as {"),
        ('{"cluster": {"worker": ["a:1"]}}', "TF_CONFIG: expected JSON such as {"),
        (config(WORKERS, "worker", "x"), "TF_CONFIG: expected JSON such as {"),
        (config(WORKERS, "worker", 2), "TF_CONFIG: task worker 2 is not among ['a:1', 'b:1']"),
        (config(WORKERS, "evaluator", 0), "TF_CONFIG: task evaluator 0 is not among ['a:1', 'b:1']"),
    ],
)
def test_what_is_no_cluster(text: str, error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(DistributionError) as raised:
        Cluster.from_environment()
    assert str(raised.value).startswith(error)
    assert "\n" not in str(raised.value)
