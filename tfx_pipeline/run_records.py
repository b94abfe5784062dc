"""What ML Metadata remembers of the runs: their stages, how long each took, what was cached, and what failed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.run_summary import StageTime

_RUN_CONTEXT, _NODE_CONTEXT = "pipeline_run", "node"
_DONE = {mlmd.Execution.COMPLETE: False, mlmd.Execution.CACHED: True}


@dataclass(frozen=True)
class StageRecord:
    """One finished stage of a run.

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


@dataclass(frozen=True)
class RunRecord:
    """One run, finished or not.

    Attributes:
        started: When its first stage began, UTC.
        seconds: Wall time from there to the last thing that was recorded.
        stages: The finished stages by node id, in the order in which they ended.
        failed: Ids of the nodes that an error ended.
        unfinished: Ids of the nodes that began and of which no end is recorded: they run, or their process was killed.
    """

    started: datetime
    seconds: float
    stages: dict[str, StageRecord]
    failed: tuple[str, ...]
    unfinished: tuple[str, ...]


def last_run(database: Path) -> dict[str, StageRecord]:
    """The finished stages of the last run in a SQLite metadata file, by node id, in the order in which they ended.

    Raises:
        PipelineError: There is no run yet.
    """
    store = _open(database)
    return _run(store, _runs(store, database)[-1], _nodes(store)).stages


def all_runs(database: Path) -> list[RunRecord]:
    """All runs in a SQLite metadata file, oldest first.

    Raises:
        PipelineError: There is no run yet, or the file is not one of ML Metadata.
    """
    store = _open(database)
    nodes = _nodes(store)
    return [_run(store, context, nodes) for context in _runs(store, database)]


def _open(database: Path) -> metadata_store.MetadataStore:
    if not database.is_file():
        raise PipelineError(f"{database}: no run is recorded there")
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(database)
    # Not read-only: after a kill, SQLite may have to roll a transaction back.
    config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE
    try:
        return metadata_store.MetadataStore(config)
    except RuntimeError as error:
        raise PipelineError(f"{database}: not a file of ML Metadata: {str(error).splitlines()[0]}") from error


def _runs(store: metadata_store.MetadataStore, database: Path) -> list[mlmd.Context]:
    runs = sorted(store.get_contexts_by_type(_RUN_CONTEXT), key=lambda context: context.id)
    if not runs:
        raise PipelineError(f"{database}: no run is recorded there")
    return runs


def _nodes(store: metadata_store.MetadataStore) -> dict[int, str]:
    """Node id of each execution."""
    return {
        execution.id: context.name.split(".")[-1]
        for context in store.get_contexts_by_type(_NODE_CONTEXT)
        for execution in store.get_executions_by_context(context.id)
    }


def _run(store: metadata_store.MetadataStore, context: mlmd.Context, nodes: Mapping[int, str]) -> RunRecord:
    executions = store.get_executions_by_context(context.id)
    executions.sort(key=lambda execution: (execution.last_update_time_since_epoch, execution.id))
    done = [execution for execution in executions if execution.last_known_state in _DONE]
    others = [execution for execution in executions if execution.last_known_state not in _DONE]
    failed = [execution for execution in others if execution.last_known_state == mlmd.Execution.FAILED]
    start = context.create_time_since_epoch
    end = max((execution.last_update_time_since_epoch for execution in executions), default=start)
    return RunRecord(
        started=datetime.fromtimestamp(start / 1000, timezone.utc),
        seconds=(end - start) / 1000,
        stages={record.name: record for record in _stages(store, done, nodes)},
        failed=tuple(nodes[execution.id] for execution in failed),
        unfinished=tuple(nodes[execution.id] for execution in others if execution not in failed),
    )


def _stages(
    store: metadata_store.MetadataStore, executions: Sequence[mlmd.Execution], nodes: Mapping[int, str]
) -> Iterator[StageRecord]:
    ids = [execution.id for execution in executions]
    # Asked for none, the store gives an error.
    events = store.get_events_by_execution_ids(ids) if ids else []
    outputs = [event for event in events if event.type == mlmd.Event.OUTPUT]
    found = store.get_artifacts_by_id({event.artifact_id for event in outputs}) if outputs else []
    artifacts = {artifact.id: artifact for artifact in found}
    for execution in executions:
        keyed = {
            event.path.steps[0].key: artifacts[event.artifact_id]
            for event in outputs
            if event.execution_id == execution.id
        }
        yield StageRecord(
            name=nodes[execution.id],
            seconds=(execution.last_update_time_since_epoch - execution.create_time_since_epoch) / 1000,
            cached=_DONE[execution.last_known_state],
            outputs={key: Path(artifact.uri) for key, artifact in keyed.items()},
            properties={key: _values(artifact.custom_properties) for key, artifact in keyed.items()},
        )


def _values(properties: dict[str, mlmd.Value]) -> dict[str, str | int]:
    return {name: getattr(value, str(value.WhichOneof("value"))) for name, value in properties.items()}
