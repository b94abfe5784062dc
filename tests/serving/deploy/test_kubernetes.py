"""The manifests agree with each other, with the configuration files and with the flags of both servers."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from serving.model_server.flags import read_flags
from serving.model_server.monitoring_config import read_metrics_path

DEPLOY = Path(__file__).parents[3] / "serving" / "deploy"
NAME = "shoprank-model-server"
RATE = r"rate\((:tensorflow:[\w:]+)"


@pytest.fixture(scope="module")
def manifests() -> dict[str, Any]:
    """Kind -> manifest, of all that the kustomization lists."""
    listed = [yaml.safe_load((DEPLOY / path).read_text()) for path in kustomization()["resources"]]
    found = {manifest["kind"]: manifest for manifest in listed}
    assert len(found) == len(listed) == 5
    return found


def kustomization() -> Any:
    return yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())


@pytest.fixture(scope="module")
def pod(manifests: dict[str, Any]) -> Any:
    return manifests["Deployment"]["spec"]["template"]


@pytest.fixture(scope="module")
def container(pod: Any) -> Any:
    [only] = pod["spec"]["containers"]
    return only


def test_every_file_is_used() -> None:
    listed = {*kustomization()["resources"], "kubernetes/prometheus_adapter.yaml"}
    assert {f"kubernetes/{path.name}" for path in (DEPLOY / "kubernetes").iterdir()} == listed


def test_every_manifest_is_of_the_same_pods(manifests: dict[str, Any], pod: Any) -> None:
    labels = pod["metadata"]["labels"]
    assert manifests["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert manifests["Service"]["spec"]["selector"] == labels
    assert manifests["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    target = manifests["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    deployment = manifests["Deployment"]
    assert target == {"apiVersion": deployment["apiVersion"], "kind": "Deployment", "name": NAME}
    assert all(manifest["metadata"]["labels"] == labels for manifest in manifests.values())


def test_our_server_understands_the_arguments_and_the_files_are_mounted(
    manifests: dict[str, Any], pod: Any, container: Any
) -> None:
    options = read_flags(container["args"])
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    assert all(mount["readOnly"] for mount in mounts.values())
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    claim = manifests["PersistentVolumeClaim"]["metadata"]["name"]
    assert volumes["serving"]["persistentVolumeClaim"]["claimName"] == claim
    [generated] = kustomization()["configMapGenerator"]
    assert volumes["config"]["configMap"]["name"] == generated["name"]
    for file in (options.batching_parameters_file, options.monitoring_config_file):
        assert file is not None and str(file.parent) == mounts["config"]["mountPath"]
        assert file.name in generated["files"] and (DEPLOY / file.name).is_file()
    assert options.model_config_file == Path(mounts["serving"]["mountPath"]) / "models.config"
    [base_path] = re.findall(r'base_path: "(.+)"', (DEPLOY / "models.config").read_text())
    assert Path(base_path).parent == Path(mounts["serving"]["mountPath"])


def test_compose_and_kubernetes_pass_the_same_flags(container: Any) -> None:
    compose = (DEPLOY / "docker-compose.yml").read_text()
    flags = {argument.partition("=")[0] for argument in container["args"]}
    assert set(re.findall(r"^ +- (--\w+)=", compose, re.MULTILINE)) == flags
    assert f"image: {container['image']}" in compose


def test_probes_ask_what_the_rest_port_of_both_servers_has(container: Any) -> None:
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"grpc": 8500, "rest": 8501}
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
    assert {probe["port"] for probe in probes.values()} == {"rest"}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startup": "/v1/models/shoprank/metadata",
        "readiness": "/v1/models/shoprank/metadata",
        "liveness": "/v1/models/shoprank",
    }


def test_prometheus_finds_the_metrics(pod: Any) -> None:
    annotations = pod["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] == read_metrics_path(DEPLOY / "monitoring.config")
    assert annotations["prometheus.io/port"] == "8501"


def test_the_autoscaler_looks_at_the_queue_that_both_servers_measure(manifests: dict[str, Any]) -> None:
    from serving.model_server.monitoring import Monitoring

    adapter = yaml.safe_load((DEPLOY / "kubernetes" / "prometheus_adapter.yaml").read_text())
    [rule] = adapter["rules"]["custom"]
    [metric] = manifests["HorizontalPodAutoscaler"]["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] == rule["name"]["as"]
    histogram = ":tensorflow:serving:batching_session:queuing_latency"
    assert re.findall(RATE, rule["metricsQuery"]) == [f"{histogram}_sum", f"{histogram}_count"]
    assert f'"{histogram}_count"' in rule["seriesQuery"]
    assert histogram in {metric.name for metric in Monitoring("/metrics")._registry.collect()}
