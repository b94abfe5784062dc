"""Who may import whom: tfx_pipeline -> trainer and tfx_pipeline -> serving, never another way; Keras 3 alone."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("tfx_pipeline", "trainer", "serving")


def modules_of(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported_packages(path: Path) -> Iterator[str]:
    """Dotted names that a module imports anywhere, functions included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("trainer", {"tfx_pipeline", "serving", "tfx"}),
        ("serving", {"tfx_pipeline", "trainer", "tfx"}),
        ("tfx_pipeline", {"tests", "benchmarks"}),
    ],
)
def test_imports_run_downwards(package: str, forbidden: set[str]) -> None:
    modules = modules_of(package)
    assert modules
    upwards = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules
        for name in imported_packages(path)
        if name.split(".")[0] in forbidden
    ]
    assert upwards == []


PEERS_ON_KERAS_2 = {ROOT / "tfx_pipeline" / "benchmarks" / "tutorial_peer.py"}
"""What we are measured against is as its own tutorial has it."""


def test_keras_is_keras_3() -> None:
    offenders = []
    for path in (path for package in PACKAGES for path in modules_of(package) if path not in PEERS_ON_KERAS_2):
        attributes = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute))
        used = any(
            node.attr == "keras" and getattr(node.value, "id", "") in {"tf", "tensorflow"} for node in attributes
        )
        if used or any(name.startswith(("tensorflow.keras", "tf_keras")) for name in imported_packages(path)):
            offenders.append(str(path.relative_to(ROOT)))
    assert offenders == []
