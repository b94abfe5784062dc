from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from tfx_pipeline.cli_compile import add_compile_verb
from tfx_pipeline.orchestrators import compile_pipeline as compiler
from tfx_pipeline.orchestrators.compile_pipeline import CompiledPipeline

app = typer.Typer()
add_compile_verb(app)


@app.callback()
def shoprank() -> None:
    """Keeps the verb a verb: a Typer with one command takes its name away."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    tables = {"events": {"path": "events.csv"}, "items": {"path": "items.csv"}}
    path = tmp_path / "shop.yaml"
    document = {"run_dir": "run", "data": tables, "objectives": {"purchase": {"event_types": ["purchase"]}}}
    path.write_text(yaml.safe_dump(document))
    return path


def compile_it(config: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["compile", "--config", str(config), *words], env={"COLUMNS": "200"})


def test_what_it_says(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def compiled(_: object, output: Path, image: str, store: str | None) -> CompiledPipeline:
        asked.append((output, image, store))
        stages, options = ("Ingest", "Pusher"), ("--runner=DataflowRunner",)
        return CompiledPipeline(output, stages, image, f"{store}/tfx", options, ("forgotten_users.txt",))

    monkeypatch.setattr(compiler, "compile_pipeline", compiled)
    shown = compile_it(
        config, "--output", "p.yaml", "--image", "registry/shop:1", "--pipeline-root", "gs://bucket/shop"
    )
    assert asked == [(Path("p.yaml"), "registry/shop:1", "gs://bucket/shop")]
    assert shown.stdout.splitlines() == [
        "p.yaml: 2 stages, each of them in the file",
        "image: registry/shop:1",
        "pipeline root: gs://bucket/shop/tfx",
        "Beam options: --runner=DataflowRunner",
        "copied to gs://bucket/shop: forgotten_users.txt",
    ]


def test_a_file_of_another_kind(config: Path) -> None:
    shown = compile_it(config, "--output", "pipeline.txt")
    reason = "the compiled pipeline ends in .json (Vertex AI) or .yaml (Kubeflow Pipelines)"
    assert (shown.exit_code, shown.stderr) == (1, f"shoprank: pipeline.txt: {reason}\n")


def test_without_the_extra(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "find_spec", lambda _: None)
    reason = "kfp-pipeline-spec is not installed; the extra [kubeflow] of shoprank has it"
    assert compile_it(config).stderr == f"shoprank: {reason}\n"
