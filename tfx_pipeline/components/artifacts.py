"""Artifact types of our own."""

from tfx.types.artifact import Artifact


class ShopTables(Artifact):
    """The shop's tables on the data contract: events/part-*.parquet, items.parquet, ingest.json and quarantine/."""

    TYPE_NAME = "ShopTables"


class CatalogueEvaluation(Artifact):
    """Full-catalogue metrics of a model beside the baselines: evaluation.json."""

    TYPE_NAME = "CatalogueEvaluation"


class ExportCheckResult(Artifact):
    """What the check of an exported model found: export_check.json."""

    TYPE_NAME = "ExportCheckResult"


class OffPolicyEvaluation(Artifact):
    """What the feedback log says about a model's policy: off_policy.json."""

    TYPE_NAME = "OffPolicyEvaluation"


class AnomalyList(Artifact):
    """What is wrong with the examples, feature by feature: anomalies.json."""

    TYPE_NAME = "AnomalyList"


class DistributionComparison(Artifact):
    """Drift and skew of the events, distance by distance: comparison.json."""

    TYPE_NAME = "DistributionComparison"


class LeakageAudit(Artifact):
    """What the leakage audit of the examples found: audit.json."""

    TYPE_NAME = "LeakageAudit"
