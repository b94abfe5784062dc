"""The figures of off-policy evaluation: equal to obp, a table reproduced, intervals that hold, and a refusal."""

from collections.abc import Iterator
from pathlib import Path

from tfx_pipeline.benchmarks.bandit.interval_coverage import coverage_figures
from tfx_pipeline.benchmarks.bandit.obp_agreement import agreement_figures, published_figures
from tfx_pipeline.benchmarks.bandit.open_bandit_table import refusal_figure, table_figures
from tfx_pipeline.benchmarks.figures import Figure


def off_policy_figures(data_dir: Path) -> Iterator[Figure]:
    """Measure off-policy evaluation, in this process and beside obp in its own environment.

    Args:
        data_dir: The folder of real data, with the Open Bandit Dataset sample.
    """
    yield from agreement_figures()
    yield from table_figures(data_dir)
    yield refusal_figure(data_dir)
    yield from published_figures()
    yield from coverage_figures()
