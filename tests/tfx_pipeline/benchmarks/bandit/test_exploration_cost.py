"""The cost of exploration: its figures, on a few calls."""

import pytest

from tfx_pipeline.benchmarks.bandit import exploration_cost
from trainer.bandit.settings import POLICIES


def test_every_policy_is_timed_on_top_of_greedy(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = {policy: [1.0, 2.0, 4.0] for policy in POLICIES}
    calls["thompson"], calls["lin_ucb"] = [2.0, 4.5, 4.5], [9.0, 2.0, 9.0]
    monkeypatch.setattr(exploration_cost, "in_fresh_process", lambda function, rounds: calls)
    figures = {figure.name: figure for figure in exploration_cost.exploration_cost_figures(rounds=3)}
    assert len(figures) == len(POLICIES)
    assert figures["exploration head, greedy"].value == 2.0
    thompson = figures["exploration in the graph, thompson, on top of greedy"]
    assert (thompson.value, thompson.target, thompson.unit, thompson.met) == (1.0, 2.0, "ms", True)
    assert figures["exploration in the graph, lin_ucb, on top of greedy"].met is False


def test_every_policy_is_called_every_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exploration_cost, "CANDIDATES", 20)
    monkeypatch.setattr(exploration_cost, "_WARM_UP", 1)
    milliseconds = exploration_cost.time_policies(rounds=2)
    assert set(milliseconds) == set(POLICIES)
    assert all(len(values) == 2 and min(values) > 0 for values in milliseconds.values())
