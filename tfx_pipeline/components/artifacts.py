"""Artifact types of our own."""

from tfx.types.artifact import Artifact


class ShopTables(Artifact):
    """The shop's tables on the data contract: events.parquet, items.parquet, ingest.json and quarantine/."""

    TYPE_NAME = "ShopTables"


class CatalogueEvaluation(Artifact):
    """Full-catalogue metrics of a model beside the baselines: evaluation.json."""

    TYPE_NAME = "CatalogueEvaluation"
