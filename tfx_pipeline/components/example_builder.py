"""TFX component: point-in-time examples of users and the catalogue, built by Beam from shards of events."""

import json
from pathlib import Path

import apache_beam as beam
from tfx.dsl.component.experimental.annotations import (
    BeamComponentParameter,
    InputArtifact,
    OutputArtifact,
    Parameter,
)
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils, standard_artifacts

from tfx_pipeline.components.artifacts import ShopTables
from tfx_pipeline.config import HistoryConfig, SplitConfig
from tfx_pipeline.example_files import SPLIT_FILE, SPLITS, build_examples, check_training_users
from tfx_pipeline.split_tables import read_split
from tfx_pipeline.write_aside import write_aside


@component(use_beam=True)
def ExampleBuilder(
    tables: InputArtifact[ShopTables],
    split: Parameter[str],
    history: Parameter[str],
    examples: OutputArtifact[standard_artifacts.Examples],
    beam_pipeline: BeamComponentParameter[beam.Pipeline] = None,
) -> None:
    """Cut the events into examples.

    Args:
        tables: The tables on the data contract.
        split: `SplitConfig` as JSON.
        history: `HistoryConfig` as JSON.
        examples: tf.Examples of the splits train, ranker, eval, users and catalogue; and the split itself as
            `split.json`.
        beam_pipeline: Where the work runs.

    Raises:
        DataError: A time window is empty, or fewer than two users have events to learn from.
    """
    source, destination = Path(tables.uri), Path(examples.uri)
    decided = read_split(source, SplitConfig.model_validate_json(split))
    with write_aside(destination / SPLIT_FILE) as aside:
        aside.write_text(json.dumps(decided.as_dict()), encoding="utf-8")
    with beam_pipeline as pipeline:
        build_examples(pipeline, source, decided, HistoryConfig.model_validate_json(history), destination)
    check_training_users(source, destination)
    examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
