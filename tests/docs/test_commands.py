"""Every command that a page shows is understood by the program that it is for, and is run by a test."""

import importlib.util
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from serving.model_server.flags import read_flags
from tfx_pipeline.cli import app

ROOT = Path(__file__).resolve().parents[2]
# Typer brings a Click of its own, whose errors are not those of the package `click`.
USAGE_ERROR = typer.BadParameter.__bases__[0]
WALK = "tests/docs/test_walkthrough.py::test_own_data_from_the_first_line_to_the_last"
VERSIONS = "tests/tfx_pipeline/test_cli_versions.py::test_the_way_without_a_server"
RUN_BY = {
    **dict.fromkeys(("versions", "promote", "canary", "rollback"), VERSIONS),
    "attributes": "tests/tfx_pipeline/attributes/test_fill.py",
    "automation": "tests/tfx_pipeline/test_cli_profile.py",
    "profile": "tests/tfx_pipeline/test_cli_profile.py",
    "benchmark": "tests/tfx_pipeline/benchmarks/test_verb.py",
    "check": "tests/docs/test_walkthrough.py::test_the_tables_are_read",
    "compare": "tests/docs/test_walkthrough.py::test_evaluation_of_a_run",
    "compile": "tests/tfx_pipeline/orchestrators/test_compile_pipeline.py",
    "demo": "tests/tfx_pipeline/test_cli.py::test_demo_runs_and_prints_the_summary",
    "evaluate": "tests/docs/test_walkthrough.py::test_evaluation_of_a_run",
    "explain": "tests/tfx_pipeline/test_cli.py::test_explain",
    "feedback": "tests/end_to_end/test_feedback.py",
    "forget-user": WALK,
    "recommend": WALK,
    "refresh-index": "tests/end_to_end/test_refresh_index.py::test_it_says_what_it_did",
    "report": WALK,
    "run": WALK,
    "runs": "tests/docs/test_walkthrough.py::test_evaluation_of_a_run",
    "schema": WALK,
    "search": WALK,
    "serve": WALK,
    "similar": WALK,
}
"""Verb -> the test that runs it for real."""
SCRIPTS_RUN_BY = {
    "examples/tiny_shop.py": "tests/docs/test_walkthrough.py::test_the_tables_are_read",
    "examples/scaling_arithmetic.py": WALK,
    "examples/coupon_slots.py": "tests/examples/test_coupon_slots.py",
    "examples/federated_query_tower.py": "tests/examples/test_federated_query_tower.py",
    "examples/movielens_towers.py": "tests/examples/test_movielens_towers.py",
    "examples/node_client/make_descriptors.py": "tests/examples/test_node_client.py",
    "benchmarks/shops.py": "",  # hours; its output is docs/measurements.md
}


def test_a_command_is_understood(command: Any) -> None:
    check(command.text)


def check(text: str) -> None:
    """Fail if a command would not be understood, or if nobody knows how to check it."""
    words = shlex.split(text.partition("\n")[0], comments=True)
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    if words and words[-1] == "&":
        words = words[:-1]
    program = words[0].removeprefix(".venv/bin/")
    known = CHECKS.get(program)
    assert known is not None, f"nobody checks the program {program!r}"
    known(words[1:], text)


def check_shoprank(words: list[str], _: str) -> None:
    group = get_command(app)
    verbs = getattr(group, "commands")  # noqa: B009  a group, which the type does not say
    assert words[0] in verbs, f"there is no verb {words[0]!r}"
    verbs[words[0]].make_context(words[0], words[1:])


def check_make(words: list[str], _: str) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(words) <= set(targets), f"no target {words}"


def check_python(words: list[str], _: str) -> None:
    if words[0] != "-m":
        assert words[0] in SCRIPTS_RUN_BY, f"no test runs {words[0]}"
        assert (ROOT / words[0]).is_file()
    elif words[1] == "pytest":
        paths = [word for word in words[2:] if word.startswith("tests/")]
        assert paths and all((ROOT / path.partition("::")[0]).exists() for path in paths)
    elif words[1] == "serving.model_server":
        check_model_server(words[2:])
    else:
        assert importlib.util.find_spec(words[1]) is not None, f"no module {words[1]}"


def check_model_server(flags: list[str]) -> None:
    read_flags(flags)


def check_docker(words: list[str], text: str) -> None:
    """The tests have no Docker; what it would read of the repository must be there."""
    assert words[0] in ("build", "compose", "run")
    for file in re.findall(r"-f (\S+\.yml)", text):
        assert (ROOT / file).is_file(), file
    for sources in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        assert all((ROOT / source).exists() for source in sources.split()), sources


def check_pip(words: list[str], _: str) -> None:
    """The tests have no network; the extras must be those of setup.py."""
    setup = (ROOT / "setup.py").read_text()
    for extra in re.findall(r"shoprank\[(\w+)\]", " ".join(words)):
        assert f'"{extra}": ' in setup, f"no extra {extra}"


def nothing_to_check(words: list[str], text: str) -> None:
    """A command of the shell itself."""


CHECKS: dict[str, Callable[[list[str], str], None]] = {
    "shoprank": check_shoprank,
    "make": check_make,
    "python": check_python,
    "docker": check_docker,
    "pip": check_pip,
    "export": nothing_to_check,
    "ls": nothing_to_check,
}


@pytest.mark.parametrize(
    "wrong",
    [
        ".venv/bin/shoprank run --confg shop.yaml",
        ".venv/bin/shoprank recommend --k 5",
        ".venv/bin/shoprank recommend --user 900 --k many",
        ".venv/bin/shoprank recomend --user 900",
        "SHOPRANK_USER_KEY=x shoprank check --data shop.yaml &",
        "make demonstration",
        ".venv/bin/python examples/no_such_script.py",
        ".venv/bin/python -m pytest tests/no_such_test.py",
        ".venv/bin/python -m serving.model_server --model_base_path runs --model shoprank",
        ".venv/bin/python -m no_such_module",
        "docker compose -f serving/deploy/other.yml up",
        "pip install 'shoprank[everything]'",
        "frobnicate --help",
    ],
)
def test_a_wrong_command_would_be_noticed(wrong: str) -> None:
    with pytest.raises((AssertionError, USAGE_ERROR, SystemExit)):
        check(wrong)


def test_every_verb_of_the_pages_is_run_by_a_test(shell_commands: Any) -> None:
    used = {
        found[1]
        for command in shell_commands
        if (found := re.search(r"^(?:\.venv/bin/)?shoprank ([\w-]+)", command.text))
    }
    assert {"run", "check", "serve", "recommend", "evaluate"} <= used
    assert used <= set(RUN_BY)


@pytest.mark.parametrize("test", sorted({*RUN_BY.values(), *filter(None, SCRIPTS_RUN_BY.values())}))
def test_the_tests_that_are_named_exist(test: str) -> None:
    path, _, name = test.partition("::")
    assert f"def {name or 'test_'}" in (ROOT / path).read_text(encoding="utf-8")


def test_commands_are_found_with_their_continuations_and_documents(shell_commands: Any) -> None:
    texts = [command.text for command in shell_commands]
    assert any(text.startswith("docker build") and "\nCOPY tfx_pipeline" in text for text in texts)
    assert ".venv/bin/shoprank check --config shop/shop.yaml" in texts
    assert len(texts) > 40


def test_make_docs_names_the_site(shell: Any) -> None:
    run = subprocess.run(f"make -n -C {ROOT} docs", capture_output=True, timeout=60, **shell)
    assert "mkdocs build --strict" in run.stdout
