"""What ML Metadata knows of the artifacts of a run: which transform graph numbered the users in them."""

from dataclasses import dataclass, field
from pathlib import Path

_EXAMPLES, _MODEL, _MODEL_RUN, _GRAPH = "Examples", "Model", "ModelRun", "TransformGraph"


@dataclass(frozen=True)
class Numbering:
    """How the users in some examples got their rows.

    Attributes:
        graph: Folder of the transform graph, with the vocabularies.
        raw: Folder of the examples that were transformed; None where the examples were made of transformed ones.
    """

    graph: Path
    raw: Path | None


@dataclass(frozen=True)
class Lineage:
    """Artifacts in which users are rows of a vocabulary.

    Attributes:
        examples: Folder of examples -> how their users were numbered.
        models: Folder of a trained model, or of what its training wrote beside it -> folder of the transform graph.
    """

    examples: dict[Path, Numbering] = field(default_factory=dict)
    models: dict[Path, Path] = field(default_factory=dict)


def read_lineage(root: Path) -> Lineage:
    """Read the metadata of all runs in a pipeline root; one without metadata knows nothing.

    Args:
        root: The pipeline root, with metadata.db. It may have been moved: what the metadata says of the place of an
            artifact counts only from the name of its component on.
    """
    lineage = Lineage()
    database = root / "metadata.db"
    if not database.exists():
        return lineage
    for inputs, outputs in _executions(database):
        graphs = [_folder(root, uri) for kind, uri in (*inputs, *outputs) if kind == _GRAPH]
        if not graphs:
            continue
        # Only the Trainer writes a model run; other components write models that never saw a user.
        trained = any(kind == _MODEL_RUN for kind, _ in outputs)
        transformed = any(kind == _GRAPH for kind, _ in outputs)
        raw = [_folder(root, uri) for kind, uri in inputs if kind == _EXAMPLES and transformed]
        for kind, uri in outputs:
            if kind == _EXAMPLES:
                lineage.examples[_folder(root, uri)] = Numbering(graphs[0], raw[0] if raw else None)
            elif kind in (_MODEL, _MODEL_RUN) and trained:
                lineage.models[_folder(root, uri)] = graphs[0]
    return lineage


def _folder(root: Path, uri: str) -> Path:
    """The folder `<component>/<output>/<execution>` of an artifact."""
    return root.joinpath(*Path(uri).parts[-3:])


def _executions(database: Path) -> list[tuple[list[tuple[str, str]], list[tuple[str, str]]]]:
    """(type, place) of the inputs and of the outputs of each execution."""
    from ml_metadata.metadata_store import metadata_store
    from ml_metadata.proto import metadata_store_pb2 as mlmd

    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(database)
    config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READONLY
    store = metadata_store.MetadataStore(config)
    artifacts = {each.id: (each.type, each.uri) for each in store.get_artifacts()}
    ends: dict[int, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = {}
    for event in store.get_events_by_artifact_ids(list(artifacts)):
        inputs, outputs = ends.setdefault(event.execution_id, ([], []))
        is_output = event.type == mlmd.Event.OUTPUT
        (outputs if is_output else inputs).append(artifacts[event.artifact_id])
    return list(ends.values())
