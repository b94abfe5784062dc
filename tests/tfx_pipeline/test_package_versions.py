import hashlib
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from tfx_pipeline import package_versions
from tfx_pipeline.config import Config, parse_config, save_config
from tfx_pipeline.package_versions import PACKAGES, collect_versions
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.fingerprint import fingerprint

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "events.csv").write_text("user_id,item_id,timestamp\nu,i,1\n")
    data = {"events": {"path": str(tmp_path / "events.csv")}}
    document = {"run_dir": str(tmp_path / "run"), "data": data, "objectives": {"buy": {"event_types": ["buy"]}}}
    return parse_config({**document, "seed": 11})


def test_versions_are_those_that_are_installed(config: Config) -> None:
    found = collect_versions(config)
    assert found.packages == {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    assert found.seed == 11


def test_a_package_that_is_not_installed_is_left_out(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_tfx(name: str) -> str:
        if name == "tfx":
            raise PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(package_versions, "version", without_tfx)
    assert list(collect_versions(config).packages) == ["python", *(name for name in PACKAGES if name != "tfx")]


def test_hashes_name_what_went_in(config: Config, tmp_path: Path) -> None:
    hashes = collect_versions(config).hashes
    assert list(hashes) == ["code", "configuration", "data", "text checkpoint"]
    save_config(config, tmp_path / "config.yaml")
    assert hashes["configuration"] == hashlib.sha256((tmp_path / "config.yaml").read_bytes()).hexdigest()
    assert hashes["data"] == fingerprint(config.data)
    assert not config.run_dir.exists()


@pytest.mark.parametrize("changed", ["configuration", "data"])
def test_only_the_hash_of_what_changed_changes(config: Config, tmp_path: Path, changed: str) -> None:
    before = collect_versions(config).hashes
    if changed == "data":
        (tmp_path / "events.csv").write_text("user_id,item_id,timestamp\nu,i,2\n")
    else:
        config.seed = 12
    after = collect_versions(config).hashes
    assert {name for name in before if before[name] != after[name]} == {changed}


def test_data_that_cannot_be_read(config: Config, tmp_path: Path) -> None:
    (tmp_path / "events.csv").unlink()
    with pytest.raises(DataError, match="events.csv"):
        collect_versions(config)


def test_nothing_heavy_is_imported() -> None:
    program = "import sys, tfx_pipeline.package_versions; print([m for m in ('tensorflow', 'tfx') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"
