from collections.abc import Iterator
from pathlib import Path

import pytest

from tfx_pipeline.benchmarks.bandit import bandit_figures as module
from tfx_pipeline.benchmarks.figures import Figure


def test_all_parts_are_measured_the_cost_first(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = ["exploration_cost_figures", "wheel_figures", "simulated_shop_figures", "off_policy_figures"]
    for part in parts:

        def figures(*arguments: Path, name: str = part) -> Iterator[Figure]:
            yield Figure.shown(name, len(arguments), "", "")

        monkeypatch.setattr(module, part, figures)
    figures_of_all = list(module.bandit_figures(Path("data")))
    assert [figure.name for figure in figures_of_all] == parts
    assert [figure.value for figure in figures_of_all] == [0, 0, 0, 1]
