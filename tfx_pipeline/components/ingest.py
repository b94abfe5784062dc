"""TFX component: the shop's files onto the data contract, bad rows to quarantine."""

import json
from pathlib import Path

from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component

from tfx_pipeline.components.artifacts import ShopTables
from tfx_pipeline.config import DataConfig
from tfx_pipeline.sources.ingest import ingest


@component
def Ingest(
    data: Parameter[str],
    event_types: Parameter[str],
    fingerprint: Parameter[str],
    tables: OutputArtifact[ShopTables],
) -> None:
    """Read, check and write the shop's tables.

    Args:
        data: `DataConfig` as JSON.
        event_types: JSON list of the event types that the objectives name.
        fingerprint: Hash of the content of the files, so that a changed file is not taken for a cached one.
        tables: The tables on the data contract.
    """
    del fingerprint
    destination = Path(tables.uri)
    destination.mkdir(parents=True, exist_ok=True)
    ingest(DataConfig.model_validate_json(data), json.loads(event_types), destination)
