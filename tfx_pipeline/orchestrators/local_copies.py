"""Artifacts of a store as folders of this machine, for stages whose code reads and writes files of a disk."""

from pathlib import Path
from typing import Any

from tfx_pipeline.remote_files import copy_tree, is_remote

Artifacts = dict[str, Any]
"""`artifacts` of an `ExecutorInput` or `ExecutorOutput` as JSON: key -> {"artifacts": [{"uri": …}, …]}."""


class LocalCopies:
    """The artifacts of one stage, each at its address in the store and in a folder of its own.

    Attributes:
        folder: Where the folders are.
    """

    def __init__(self, folder: Path) -> None:
        """Start with none.

        Args:
            folder: Gets one folder for each artifact.
        """
        self.folder = folder
        self._outputs: dict[str, str] = {}

    def fetch(self, inputs: Artifacts) -> None:
        """Copy the inputs out of the store and put their local folders in the place of their addresses.

        Raises:
            PipelineError: The store refuses.
        """
        for key, artifact in _remote(inputs):
            local = self._new("inputs", key)
            copy_tree(artifact["uri"], local)
            artifact["uri"] = local

    def redirect(self, outputs: Artifacts) -> None:
        """Put local folders, which are empty, in the place of the addresses of the outputs."""
        for key, artifact in _remote(outputs):
            local = self._new("outputs", key)
            Path(local).mkdir(parents=True)
            self._outputs[local] = artifact["uri"]
            artifact["uri"] = local

    def store(self, outputs: Artifacts) -> None:
        """Copy the outputs into the store and put their addresses back in the place of the local folders.

        Raises:
            PipelineError: The store refuses.
        """
        for local, address in self._outputs.items():
            copy_tree(local, address)
        for listed in outputs.values():
            for artifact in listed.get("artifacts", ()):
                artifact["uri"] = self._outputs.get(artifact["uri"], artifact["uri"])

    def _new(self, kind: str, key: str) -> str:
        place = self.folder / kind / key
        taken = len(list(place.iterdir())) if place.is_dir() else 0
        return str(place / str(taken + 1))


def _remote(artifacts: Artifacts) -> list[tuple[str, dict[str, Any]]]:
    return [
        (key, artifact)
        for key, listed in artifacts.items()
        for artifact in listed.get("artifacts", ())
        if is_remote(artifact["uri"])
    ]
