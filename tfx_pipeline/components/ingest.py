"""TFX component: the shop's files onto the data contract, bad rows to quarantine."""

import json
from pathlib import Path

import apache_beam as beam
from tfx.dsl.component.experimental.annotations import BeamComponentParameter, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component

from tfx_pipeline.components.artifacts import ShopTables
from tfx_pipeline.sources.forgotten_users import FORGOTTEN_USERS_FILE
from tfx_pipeline.sources.ingest import ingest
from tfx_pipeline.table_config import DataConfig


@component(use_beam=True)
def Ingest(
    data: Parameter[str],
    event_types: Parameter[str],
    fingerprint: Parameter[str],
    run_dir: Parameter[str],
    tables: OutputArtifact[ShopTables],
    beam_pipeline: BeamComponentParameter[beam.Pipeline] = None,
) -> None:
    """Read, check and write the shop's tables.

    Args:
        data: `DataConfig` as JSON.
        event_types: JSON list of the event types that the objectives name.
        fingerprint: Hash of the content of the files, so that a changed file is not taken for a cached one.
        run_dir: The run directory: rejected rows are shown there when the run stops for them.
        tables: The tables on the data contract.
        beam_pipeline: Where the work runs.
    """
    del fingerprint
    destination = Path(tables.uri)
    destination.mkdir(parents=True, exist_ok=True)
    ingest(
        DataConfig.model_validate_json(data),
        json.loads(event_types),
        destination,
        quarantine=Path(run_dir) / "quarantine",
        forgotten=Path(run_dir) / FORGOTTEN_USERS_FILE,
        make_pipeline=lambda: beam_pipeline,
    )
