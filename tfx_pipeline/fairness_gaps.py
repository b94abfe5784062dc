"""The fairness gaps of one model in an evaluation: how far apart groups of users and of items are served."""

from collections.abc import Mapping

from tfx_pipeline.evaluation.fairness import FairnessGap, exposure_gaps, quality_gaps
from tfx_pipeline.evaluation.labelling import Labelling
from tfx_pipeline.evaluation.protocol import Evaluation
from tfx_pipeline.evaluation_facts import OBJECTIVE


def fairness_gaps(
    evaluation: Evaluation,
    model: str,
    item_labels: Mapping[str, Labelling],
    cutoff: int,
    quality: Mapping[str, float] | None = None,
    exposure: Mapping[str, float] | None = None,
) -> tuple[FairnessGap, ...]:
    """Gaps of quality (NDCG), then of exposure, at one cut-off.

    Args:
        evaluation: What was measured of all items.
        model: Name of the model.
        item_labels: Dimension -> group of each item of the catalogue.
        cutoff: Value of k.
        quality: Dimension -> largest gap of quality that passes; a dimension that is not named has no gate.
        exposure: The same for exposure.
    """
    # What was reached is no group of users or items, which could be served unfairly.
    groups = [
        score for score in evaluation.slices if score.model == model and not score.dimension.startswith(OBJECTIVE)
    ]
    cases, ranked = evaluation.ranked[model, "all"]
    by_quality = quality_gaps(groups, f"NDCG@{cutoff}", quality or {})
    return (*by_quality, *exposure_gaps(model, ranked.items, cases, item_labels, cutoff, exposure or {}))
