"""The figures of the bandit head: its cost, its regret, and the off-policy estimates."""

from collections.abc import Iterator
from pathlib import Path

from tfx_pipeline.benchmarks.bandit.exploration_cost import exploration_cost_figures
from tfx_pipeline.benchmarks.bandit.off_policy import off_policy_figures
from tfx_pipeline.benchmarks.bandit.simulated_shop import simulated_shop_figures
from tfx_pipeline.benchmarks.bandit.wheel import wheel_figures
from tfx_pipeline.benchmarks.figures import Figure


def bandit_figures(data_dir: Path) -> Iterator[Figure]:
    """Measure the bandit head; peers run in `.venv-bench`.

    Args:
        data_dir: Folder of real data.
    """
    # The cost first: it is a matter of milliseconds, and nothing else of the benchmark has used the machine yet.
    yield from exploration_cost_figures()
    yield from wheel_figures()
    yield from simulated_shop_figures()
    yield from off_policy_figures(data_dir)
