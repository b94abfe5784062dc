"""The compiled pipeline, run as Vertex AI and Kubeflow would, with TensorFlow's store in memory for `gs://`."""

import json
from pathlib import Path

import pytest
import yaml

from tests.end_to_end.tiny_shop import write_tiny_shop
from tfx_pipeline.config import load_config
from tfx_pipeline.orchestrators.compile_pipeline import compile_pipeline
from tfx_pipeline.remote_files import copy_tree, list_files

pytest.importorskip(
    "kfp.pipeline_spec", reason="kfp-pipeline-spec is not installed: it comes with the extra [kubeflow]"
)

STORE = "ram://remote/shop"


@pytest.mark.slow  # every stage of the pipeline, one after the other
@pytest.mark.timeout(1800)
def test_every_stage_runs_and_the_store_gets_the_model(tmp_path: Path) -> None:
    import tests.tfx_pipeline.orchestrators.ram_files  # noqa: F401  Beam's steps reach the store by it.
    from tests.tfx_pipeline.orchestrators.small_orchestrator import SmallOrchestrator

    document = {**write_tiny_shop(tmp_path / "shop"), "run_dir": "run"}
    (tmp_path / "shop" / "shop.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    config = load_config(tmp_path / "shop" / "shop.yaml")
    config.run_dir = tmp_path / "unused"
    for table in config.data.tables.values():
        table.path = f"file://{table.path}"
    compiled = compile_pipeline(config, tmp_path / "pipeline.json", store=STORE)
    machine = SmallOrchestrator(json.loads(compiled.path.read_text())["pipelineSpec"], tmp_path / "container")
    for stage in machine.order:
        machine.run(stage)
    assert set(machine.outputs) == set(compiled.stages)
    pushed = machine.output("Pusher", "pushed_model")
    versions = f"{STORE}/serving/shoprank/"
    assert pushed["metadata"]["pushed_destination"].startswith(versions)
    model = tmp_path / "model"
    copy_tree(pushed["metadata"]["pushed_destination"], str(model))
    assert (model / "saved_model.pb").is_file() and (model / "variables" / "variables.index").is_file()
    assert any(name.startswith("tfx/text_cache/") for name in list_files(STORE))
    assert not list((tmp_path / "unused").rglob("*.parquet"))
