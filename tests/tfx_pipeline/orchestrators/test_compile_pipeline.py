"""The pipeline, compiled for other machines; one stage of the compiled file, run against a store."""

import copy
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tfx_pipeline.config import Config, load_config
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.orchestrators.compile_pipeline import STAGE, CompiledPipeline, compile_pipeline
from tfx_pipeline.remote_files import exists, list_files

if TYPE_CHECKING:
    from tfx.orchestration.pipeline import Pipeline

pytest.importorskip(
    "kfp.pipeline_spec", reason="kfp-pipeline-spec is not installed: it comes with the extra [kubeflow]"
)

IMAGE = "registry.example/shop/shoprank:1"
STORE = "ram://compiled/shop"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A shop whose data are at addresses, with a frozen schema and a forgotten user in its run directory."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "events.csv").write_text("user_id,item_id,event_type,timestamp\nu,i,purchase,1600000000\n")
    (folder / "items.csv").write_text("item_id,title\ni,Thing\n")
    document = {
        "run_dir": "run",
        "data": {name: {"path": f"file://{folder}/{name}.csv"} for name in ("events", "items")},
        "objectives": {"purchase": {"event_types": ["purchase"]}},
        "beam_options": ["--runner=DataflowRunner", "--project=shop", "--temp_location=gs://bucket/tmp"],
    }
    (folder / "shop.yaml").write_text(yaml.safe_dump(document))
    (folder / "run").mkdir()
    (folder / "run" / "forgotten_users.txt").write_text("0" * 32 + "\n")
    return load_config(folder / "shop.yaml")


@pytest.fixture(scope="module")
def compiled(config: Config, tmp_path_factory: pytest.TempPathFactory) -> CompiledPipeline:
    return compile_pipeline(config, tmp_path_factory.mktemp("compiled") / "pipeline.json", IMAGE, STORE + "/")


@pytest.fixture(scope="module")
def spec(compiled: CompiledPipeline) -> dict[str, Any]:
    return json.loads(compiled.path.read_text())["pipelineSpec"]


@pytest.fixture(scope="module")
def dag(config: Config) -> "Pipeline":
    from tfx_pipeline.pipeline import create_pipeline

    return create_pipeline(config)


def test_every_component_of_the_local_dag_is_in_the_file(spec: dict[str, Any], dag: "Pipeline") -> None:
    local = {node.id for node in dag.components}
    assert {"Ingest", "UserValidator", "TowerTrainer", "Evaluator", "AnomalyGate", "Pusher"} < local
    assert set(spec["root"]["dag"]["tasks"]) == set(spec["components"]) == local
    assert set(spec["deploymentSpec"]["executors"]) == {f"{name}_executor" for name in local}


def test_containers_have_image_command_and_beam_options(
    spec: dict[str, Any], compiled: CompiledPipeline, config: Config
) -> None:
    for executor in spec["deploymentSpec"]["executors"].values():
        container = executor["container"]
        assert container["image"] == compiled.image == IMAGE
        assert container["command"] == [*STAGE, f"--run_root={STORE}", "--run_folder=/shoprank/run"]
        assert container["args"][-3:] == config.beam_options
    assert compiled.beam_options == tuple(config.beam_options)


def test_the_pipeline_root(spec: dict[str, Any], compiled: CompiledPipeline) -> None:
    job = json.loads(compiled.path.read_text())
    assert job["runtimeConfig"]["gcsOutputDirectory"] == spec["defaultPipelineRoot"] == compiled.root == f"{STORE}/tfx"


def test_no_stage_is_told_of_the_disk_of_this_machine(spec: dict[str, Any], config: Config) -> None:
    text = json.dumps(spec)
    assert str(config.run_dir) not in text
    pusher = spec["root"]["dag"]["tasks"]["Pusher"]["inputs"]["parameters"]["push_destination"]
    destination = json.loads(pusher["runtimeValue"]["constant"])["filesystem"]["base_directory"]
    assert destination == "/shoprank/run/serving/shoprank"


def test_kubeflow_finds_our_artifact_types_and_ml_metadata_those_of_earlier_runs(spec: dict[str, Any]) -> None:
    import tfx_pipeline
    from tfx_pipeline.components.artifacts import ShopTables

    tables = spec["components"]["Ingest"]["outputDefinitions"]["artifacts"]["tables"]["artifactType"]
    assert yaml.safe_load(tables["instanceSchema"])["title"] == "tfx_pipeline.ShopTables"
    assert tfx_pipeline.ShopTables is ShopTables and ShopTables.TYPE_NAME == "ShopTables"


def test_whom_to_forget_goes_along(compiled: CompiledPipeline) -> None:
    assert compiled.uploaded == ("forgotten_users.txt",)
    assert exists(f"{STORE}/forgotten_users.txt")


def test_without_a_store_the_run_directory_stays(config: Config, tmp_path: Path) -> None:
    plain = compile_pipeline(config, tmp_path / "pipeline.yaml", IMAGE)
    spec = yaml.safe_load(plain.path.read_text())
    assert spec["defaultPipelineRoot"] == plain.root == str(config.run_dir / "tfx")
    assert spec["deploymentSpec"]["executors"]["Ingest_executor"]["container"]["command"] == list(STAGE)
    ingest = spec["root"]["dag"]["tasks"]["Ingest"]["inputs"]["parameters"]
    assert ingest["run_dir"]["runtimeValue"]["constant"] == str(config.run_dir)


def _without_stage(spec: dict[str, Any]) -> None:
    del spec["root"]["dag"]["tasks"]["Pusher"]


def _without_edge(spec: dict[str, Any]) -> None:
    spec["root"]["dag"]["tasks"]["AnomalyGate"]["dependentTasks"].remove("LeakageAuditor")


def _other_image(spec: dict[str, Any]) -> None:
    spec["deploymentSpec"]["executors"]["Pusher_executor"]["container"]["image"] = "other"


def _without_options(spec: dict[str, Any]) -> None:
    del spec["deploymentSpec"]["executors"]["Transform_executor"]["container"]["args"][-1]


def _without_container(spec: dict[str, Any]) -> None:
    del spec["deploymentSpec"]["executors"]["Ingest_executor"]


def _other_root(spec: dict[str, Any]) -> None:
    del spec["defaultPipelineRoot"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_without_stage, "the stage Pusher is missing"),
        (_without_edge, "the stage AnomalyGate does not wait for LeakageAuditor"),
        (_other_image, f"the stage Pusher runs in 'other', not {IMAGE!r}"),
        (_without_options, "the stage Transform lacks the Beam options --temp_location=gs://bucket/tmp"),
        (_without_container, "the stage Ingest has no container"),
        (_other_root, f"its pipeline root is None, not '{STORE}/tfx'"),
    ],
)
def test_what_the_check_finds(spec: dict[str, Any], dag: "Pipeline", spoil: Any, message: str) -> None:
    from tfx_pipeline.orchestrators.compiled_pipeline import check_compiled

    command = spec["deploymentSpec"]["executors"]["Pusher_executor"]["container"]["command"]
    check_compiled(spec, dag, IMAGE, f"{STORE}/tfx", command)
    spoilt = copy.deepcopy(spec)
    spoil(spoilt)
    with pytest.raises(PipelineError, match=f"^the compiled pipeline is not the local one: {re.escape(message)}$"):
        check_compiled(spoilt, dag, IMAGE, f"{STORE}/tfx", command)


def test_a_stage_of_the_file_runs_against_the_store(spec: dict[str, Any], tmp_path: Path) -> None:
    from tests.tfx_pipeline.orchestrators.small_orchestrator import SmallOrchestrator

    machine = SmallOrchestrator(spec, tmp_path / "container")
    machine.run("ContractSchema")
    for key in ("users", "items", "union"):
        made = machine.output("ContractSchema", key)
        assert made["uri"] == f"{STORE}/tfx/ContractSchema/{key}/1"
        assert list_files(made["uri"]) == ["schema.pbtxt"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path": "/srv/events.csv"}, "data.events.path: /srv/events.csv is on the disk of this machine"),
        ({"path": ["gs://a/b.csv", "/c.csv"]}, "data.events.path: /c.csv is on the disk of this machine"),
    ],
)
def test_data_that_no_stage_could_read(config: Config, tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    events = config.data.events.model_copy(update=changes)
    local = config.model_copy(update={"data": config.data.model_copy(update={"events": events})})
    with pytest.raises(PipelineError, match="^" + re.escape(message)):
        compile_pipeline(local, tmp_path / "pipeline.json", store="gs://bucket/shop")


def test_a_feedback_log_elsewhere_is_refused(config: Config, tmp_path: Path) -> None:
    data = config.data.model_copy(update={"feedback": "/srv/log"})
    with pytest.raises(PipelineError, match="^data.feedback: /srv/log is outside run_dir"):
        compile_pipeline(config.model_copy(update={"data": data}), tmp_path / "p.json", store="gs://bucket/shop")


def test_a_training_that_goes_on_is_refused(config: Config, tmp_path: Path) -> None:
    training = config.training.model_copy(update={"start": "last_blessed"})
    message = "^training.start: last_blessed goes on from the models in a run directory on a disk; the stages"
    continued = config.model_copy(update={"training": training})
    with pytest.raises(PipelineError, match=message):
        compile_pipeline(continued, tmp_path / "pipeline.json", store="gs://bucket/shop")


def test_a_store_that_is_a_path_is_refused(config: Config, tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"^--pipeline-root: /mnt/shop is no address of a store such as gs://"):
        compile_pipeline(config, tmp_path / "pipeline.json", store="/mnt/shop")


def test_a_file_of_another_kind(config: Config, tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"pipeline\.txt: the compiled pipeline ends in \.json \(Vertex AI\) or"):
        compile_pipeline(config, tmp_path / "pipeline.txt")
