"""The compose file says what the README beside it says."""

from pathlib import Path

import yaml

DEPLOY = Path(__file__).parents[3] / "serving" / "deploy"


def test_the_stock_image_serves_the_run_directory_read_only():
    service = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())["services"]["model-server"]
    assert service["image"] == "tensorflow/serving:2.18.0"
    # The image's entry point serves /models/$MODEL_NAME.
    assert [volume["target"] for volume in service["volumes"]] == [f"/models/{service['environment']['MODEL_NAME']}"]
    assert all(volume["read_only"] for volume in service["volumes"])
    assert [port.rpartition(":")[2] for port in service["ports"]] == ["8500", "8501"]


def test_every_variable_has_a_default_and_is_explained():
    compose = (DEPLOY / "docker-compose.yml").read_text()
    readme = (DEPLOY / "README.md").read_text()
    variables = [part.split("}")[0] for part in compose.split("${")[1:]]
    assert len(variables) == 3
    for variable in variables:
        name, _, default = variable.partition(":-")
        assert default
        assert f"`{name}`" in readme
