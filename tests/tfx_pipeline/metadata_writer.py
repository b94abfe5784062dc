"""Writes what TFX's launcher leaves in ML Metadata, without TFX: runs, executions in any state, and their outputs."""

from collections.abc import Mapping
from pathlib import Path

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

State = mlmd.Execution
Properties = Mapping[str, str | int]


class MetadataWriter:
    """A `metadata.db` that tests fill run by run."""

    def __init__(self, database: Path) -> None:
        database.parent.mkdir(parents=True, exist_ok=True)
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = str(database)
        self._store = metadata_store.MetadataStore(config)
        self._types = {
            name: self._store.put_context_type(mlmd.ContextType(name=name)) for name in ("pipeline_run", "node")
        }
        self._execution_type = self._store.put_execution_type(mlmd.ExecutionType(name="stage"))
        self._artifact_type = self._store.put_artifact_type(mlmd.ArtifactType(name="output"))
        self._nodes: dict[str, int] = {}
        self._runs = 0

    def run(self) -> int:
        """Begin a run."""
        self._runs += 1
        return self._context("pipeline_run", f"2026-01-0{self._runs}T00:00:00")

    def stage(
        self, run: int, name: str, state: "State.State", outputs: Mapping[str, tuple[Path, Properties]] | None = None
    ) -> None:
        """Add a stage to a run, with the folder and the custom properties of each output."""
        if name not in self._nodes:
            self._nodes[name] = self._context("node", f"shoprank.{name}")
        execution = mlmd.Execution(type_id=self._execution_type, last_known_state=state)
        pairs = [self._output(key, *output) for key, output in (outputs or {}).items()]
        contexts = self._store.get_contexts_by_id([run, self._nodes[name]])
        self._store.put_execution(execution, pairs, contexts)

    def _context(self, kind: str, name: str) -> int:
        (number,) = self._store.put_contexts([mlmd.Context(type_id=self._types[kind], name=name)])
        return int(number)

    def _output(self, key: str, uri: Path, properties: Properties) -> tuple[mlmd.Artifact, mlmd.Event]:
        artifact = mlmd.Artifact(type_id=self._artifact_type, uri=str(uri))
        for name, value in properties.items():
            if isinstance(value, int):
                artifact.custom_properties[name].int_value = value
            else:
                artifact.custom_properties[name].string_value = value
        event = mlmd.Event(type=mlmd.Event.OUTPUT)
        event.path.steps.add().key = key
        return artifact, event
