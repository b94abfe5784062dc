"""The sections of a run's report, one file each.

A part of the chain that has something to show adds a `Section` in a file of its own here and names it below.
"""

from tfx_pipeline.report.section import Section
from tfx_pipeline.report.sections import (
    answers,
    calibration,
    data,
    distribution_distances,
    examples,
    exploration,
    fairness,
    gates,
    leakage,
    metrics,
    model_card,
    off_policy,
    places,
    search,
    slices,
    trade_off,
    training,
    tuning,
    versions,
    wall_time,
)
from tfx_pipeline.run_summary import RunSummary

SECTIONS: tuple[Section[RunSummary], ...] = (
    gates.SECTION,
    metrics.SECTION,
    search.SECTION,
    slices.SECTION,
    fairness.SECTION,
    trade_off.SECTION,
    calibration.SECTION,
    training.SECTION,
    tuning.SECTION,
    exploration.SECTION,
    off_policy.SECTION,
    examples.SECTION,
    answers.SECTION,
    data.SECTION,
    leakage.SECTION,
    distribution_distances.SECTION,
    wall_time.SECTION,
    model_card.SECTION,
    versions.SECTION,
    places.SECTION,
)
"""In the order of the page."""
