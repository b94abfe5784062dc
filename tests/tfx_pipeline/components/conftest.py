"""Artifacts for components that run without a pipeline around them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tfx.types import Artifact

MakeArtifact = Callable[..., "Artifact"]


@pytest.fixture(scope="session")
def make_artifact(tmp_path_factory: pytest.TempPathFactory) -> MakeArtifact:
    """An artifact of a type at an empty folder, which exists only if `exists`."""

    def make(kind: type[Any], exists: bool = True) -> "Artifact":
        artifact = kind()
        folder: Path = tmp_path_factory.mktemp(kind.TYPE_NAME)
        if not exists:
            folder.rmdir()
        artifact.uri = str(folder)
        return artifact

    return make
