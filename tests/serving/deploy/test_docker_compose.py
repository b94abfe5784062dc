"""The compose file says what the README beside it says, and passes flags that both servers have."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from serving.model_server.flags import read_flags

DEPLOY = Path(__file__).parents[3] / "serving" / "deploy"
FOLDER = "/run/serving"


@pytest.fixture(scope="module")
def service() -> Any:
    """The service, with the variable set as the README says."""
    text = (DEPLOY / "docker-compose.yml").read_text()
    filled = re.sub(r"\$\{SHOPRANK_SERVING_DIR:\?[^}]+\}", FOLDER, text)
    return yaml.safe_load(filled)["services"]["model-server"]


def test_the_stock_image_serves_the_run_under_its_own_path_read_only(service: Any) -> None:
    assert service["image"] == "tensorflow/serving:2.18.0"
    targets = {volume["target"]: volume["source"] for volume in service["volumes"]}
    assert targets.pop(FOLDER) == FOLDER
    assert all((DEPLOY / source).is_file() for source in targets.values())
    assert all(volume["read_only"] for volume in service["volumes"])
    assert [port.rpartition(":")[2] for port in service["ports"]] == ["8500", "8501"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_our_server_understands_the_flags(service: Any) -> None:
    options = read_flags(service["command"])
    assert options.model_config_file == Path(FOLDER) / "models.config"
    assert options.allow_version_labels_for_unavailable_models
    assert options.enable_batching
    mounted = {volume["target"] for volume in service["volumes"]}
    assert {str(options.batching_parameters_file), str(options.monitoring_config_file)} <= mounted


def test_every_variable_has_a_default_or_is_asked_for_and_is_explained() -> None:
    compose = (DEPLOY / "docker-compose.yml").read_text()
    readme = (DEPLOY / "README.md").read_text()
    variables = set(re.findall(r"\$\{(\w+)(:[-?])[^}]+\}", compose))
    assert {name for name, _ in variables} == {"SHOPRANK_SERVING_DIR", "SHOPRANK_GRPC_PORT", "SHOPRANK_REST_PORT"}
    assert compose.count("${") == len(re.findall(r"\$\{\w+:[-?][^}]+\}", compose))
    for name, _ in variables:
        assert f"`{name}`" in readme
