"""The package metadata in setup.py, the wheel made from it, and the lock files that pin it."""

import email
import re
import runpy
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import setuptools
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from setuptools import build_meta

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {"3.10": ROOT / "requirements/py310.txt", "3.11": ROOT / "requirements/py311.txt"}
PACKAGES = ("tfx_pipeline", "trainer", "serving")


def lock_entries(path: Path) -> list[str]:
    """The requirements of a lock file, each on one line with its hashes, without comments."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    return "\n".join(lines).replace("\\\n", "").splitlines()


OTHER_LOCKS = [ROOT / "requirements" / f"{name}.txt" for name in ("uv", "bench", "bench_obp")]


@pytest.mark.parametrize("path", [*LOCKS.values(), *OTHER_LOCKS], ids=lambda path: path.name)
def test_lock_holds_only_exact_pins_with_hashes(path: Path) -> None:
    entry = re.compile(r"[a-z0-9][a-z0-9-]*==[0-9][0-9a-z.]*( ; [^#]+?)?( +--hash=sha256:[0-9a-f]{64})+")
    entries = lock_entries(path)
    assert entries
    assert [line for line in entries if not entry.fullmatch(line.strip())] == []


@pytest.fixture(scope="module")
def metadata() -> dict[str, Any]:
    """The arguments that setup.py gives to setuptools."""
    given: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setuptools, "setup", given.update)
        patch.chdir(ROOT)
        runpy.run_path(str(ROOT / "setup.py"))
    return given


@pytest.mark.parametrize("version", LOCKS)
def test_lock_satisfies_setup(metadata: dict[str, Any], version: str) -> None:
    entries = (Requirement(line.split(" --hash")[0]) for line in lock_entries(LOCKS[version]))
    environment = {"python_version": version, "python_full_version": f"{version}.0"}
    pins = {
        entry.name: str(entry.specifier)[2:]
        for entry in entries
        if not entry.marker or entry.marker.evaluate(environment)
    }
    wanted = metadata["install_requires"] + [
        line
        for extra in ("pipeline", "serving", "gateway", "demo", "docs", "dev")
        for line in metadata["extras_require"][extra]
    ]
    for requirement in map(Requirement, wanted):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert requirement.specifier.contains(pins[requirement.name.lower()]), str(requirement)


@pytest.mark.parametrize("version", LOCKS)
def test_lock_leaves_out_torch(version: str) -> None:
    assert not [line for line in lock_entries(LOCKS[version]) if line.startswith(("torch", "sentence-transformers"))]


def test_extras(metadata: dict[str, Any]) -> None:
    assert set(metadata["extras_require"]) == {
        "pipeline",
        "serving",
        "gateway",
        "datasets",
        "demo",
        "docs",
        "dev",
        "gpu",
        "jax",
        "kubeflow",
        "privacy",
    }
    assert 'tensorflow[and-cuda]==2.16.2; python_version < "3.11"' in metadata["extras_require"]["gpu"]


def test_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `pip install .` installs: the three packages, the command, the metadata, and no tests."""
    for name in (*PACKAGES, "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "LICENSE", "README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["setup.py"])
    with zipfile.ZipFile(tmp_path / build_meta.build_wheel(str(tmp_path))) as wheel:
        names = wheel.namelist()
        folder = next(name for name in names if name.endswith("METADATA")).rsplit("/", 1)[0]
        description = email.message_from_bytes(wheel.read(f"{folder}/METADATA"))
        commands = wheel.read(f"{folder}/entry_points.txt").decode()
    assert {name.split("/")[0] for name in names} == {*PACKAGES, folder}
    assert "shoprank = tfx_pipeline.cli:main" in commands
    assert SpecifierSet(description["Requires-Python"]) == SpecifierSet(">=3.10,<3.14")
    assert f"{folder}/licenses/LICENSE" in names
    deploy = [path for path in (ROOT / "serving/deploy").rglob("*") if path.suffix in {".j2", ".yml", ".yaml", ".md"}]
    assert {path.relative_to(ROOT).as_posix() for path in deploy} <= set(names)
