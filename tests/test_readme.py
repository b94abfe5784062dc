"""What the README tells a newcomer to type must be what the code understands."""

import re
from pathlib import Path

import yaml
from typer.main import get_command

from tfx_pipeline.cli import app
from tfx_pipeline.config import parse_config
from tfx_pipeline.datasets.dataset import dataset_names

ROOT = Path(__file__).resolve().parents[1]
VERBS = {"serve", "recommend", "search", "similar", "run", "check", "schema", "forget-user"}
VERBS |= {"benchmark", "evaluate", "runs", "compare"}
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_configuration_is_valid() -> None:
    block = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert block is not None
    config = parse_config(yaml.safe_load(block.group(1)), "README.md")
    assert config.data.items is not None
    assert config.data.items.columns["title"] == ["name", "size"]


def test_every_example_file_is_valid() -> None:
    examples = sorted((ROOT / "examples").glob("*.yaml"))
    assert examples
    for example in examples:
        parse_config(yaml.safe_load(example.read_text(encoding="utf-8")), example.name)


def test_commands_and_options_exist() -> None:
    verbs = getattr(get_command(app), "commands")  # noqa: B009  a group, which the type does not say
    used = re.findall(r"\.venv/bin/shoprank ([\w-]+)([^#\n]*)", README)
    assert {verb for verb, _ in used} >= VERBS
    for verb, rest in used:
        command = verbs[verb]
        # A group of verbs, such as `feedback update`.
        command = getattr(command, "commands", {}).get(rest.split()[0] if rest.split() else "", command)
        options = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= options, verb


def test_named_data_sets_and_folders_exist() -> None:
    for name in re.findall(r"--dataset ([\w-]+)", README):
        assert name in dataset_names()
    for folder in re.findall(r"^\| `(\w+/(?:\w+/)?)`", README, re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder


def test_links_lead_to_files() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
