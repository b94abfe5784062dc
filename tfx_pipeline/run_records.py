"""What ML Metadata remembers of the last run: the outputs of each stage, how long it took, and what was cached."""

from dataclasses import dataclass
from pathlib import Path

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.run_summary import StageTime

_RUN_CONTEXT, _NODE_CONTEXT = "pipeline_run", "node"
_DONE = {mlmd.Execution.COMPLETE: False, mlmd.Execution.CACHED: True}


@dataclass(frozen=True)
class StageRecord:
    """One stage of the last run.

    Attributes:
        name: Id of the TFX node.
        seconds: Wall time.
        cached: Whether its outputs were taken from an earlier run.
        outputs: Folder of each output.
        properties: Custom properties of each output.
    """

    name: str
    seconds: float
    cached: bool
    outputs: dict[str, Path]
    properties: dict[str, dict[str, str | int]]

    @property
    def time(self) -> StageTime:
        """Its wall time as the report shows it."""
        return StageTime(self.name, self.seconds, self.cached)


def last_run(database: Path) -> dict[str, StageRecord]:
    """The finished stages of the last run in a SQLite metadata file, by node id, in the order in which they ended.

    Raises:
        PipelineError: There is no run yet.
    """
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(database)
    store = metadata_store.MetadataStore(config)
    runs = store.get_contexts_by_type(_RUN_CONTEXT)
    if not runs:
        raise PipelineError(f"{database}: no run is recorded there")
    run = max(runs, key=lambda context: context.id)
    executions = [item for item in store.get_executions_by_context(run.id) if item.last_known_state in _DONE]
    executions.sort(key=lambda execution: execution.last_update_time_since_epoch)
    records = [_record(store, execution) for execution in executions]
    return {record.name: record for record in records}


def _record(store: metadata_store.MetadataStore, execution: mlmd.Execution) -> StageRecord:
    contexts = store.get_contexts_by_execution(execution.id)
    node = next(context.name for context in contexts if context.type == _NODE_CONTEXT)
    outputs = [event for event in store.get_events_by_execution_ids([execution.id]) if event.type == mlmd.Event.OUTPUT]
    artifacts = {
        artifact.id: artifact for artifact in store.get_artifacts_by_id([event.artifact_id for event in outputs])
    }
    keyed = {event.path.steps[0].key: artifacts[event.artifact_id] for event in outputs}
    milliseconds = execution.last_update_time_since_epoch - execution.create_time_since_epoch
    return StageRecord(
        name=node.split(".")[-1],
        seconds=milliseconds / 1000,
        cached=_DONE[execution.last_known_state],
        outputs={key: Path(artifact.uri) for key, artifact in keyed.items()},
        properties={key: _values(artifact.custom_properties) for key, artifact in keyed.items()},
    )


def _values(properties: dict[str, mlmd.Value]) -> dict[str, str | int]:
    return {name: getattr(value, str(value.WhichOneof("value"))) for name, value in properties.items()}
