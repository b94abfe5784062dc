"""What a run was made of: versions of the packages that decide its results, and hashes of what went in."""

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

from tfx_pipeline.code_version import code_version
from tfx_pipeline.config import Config, save_config
from tfx_pipeline.run_details import Versions
from tfx_pipeline.sources.fingerprint import fingerprint
from trainer.text_checkpoint import read_checkpoint

PACKAGES = (
    "shoprank",
    "tensorflow",
    "keras",
    "tfx",
    "apache-beam",
    "numpy",
    "pyarrow",
    "keras-hub",
    "keras-rs",
)
"""Distributions whose version can change what a run computes."""


def collect_versions(config: Config, data_hash: str | None = None) -> Versions:
    """The versions and hashes of a run.

    Args:
        config: The run.
        data_hash: `fingerprint` of the data that the run read; by default the input files are read for it.

    Returns:
        Python's version first, then the installed ones of `PACKAGES`. Hashes: `code` (BLAKE2b of the import packages),
        `configuration` (SHA-256 of the text of config.yaml), `data` (see `tfx_pipeline.sources.fingerprint`) and `text
        checkpoint` (SHA-256, see `trainer.text_checkpoint`).

    Raises:
        DataError: A source file cannot be read.
        TextCheckpointError: The text encoder cannot be read.
    """
    hashes = {
        "code": code_version("tfx_pipeline", "trainer", "serving"),
        "configuration": _configuration_hash(config),
        "data": data_hash or fingerprint(config.data),
        "text checkpoint": read_checkpoint(config.text.checkpoint).digest,
    }
    return Versions({"python": platform.python_version(), **_installed()}, hashes, config.seed)


def _installed() -> dict[str, str]:
    """Versions without an import: importing all of them takes half a minute."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _configuration_hash(config: Config) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        save_config(config, path)
        return hashlib.sha256(path.read_bytes()).hexdigest()
