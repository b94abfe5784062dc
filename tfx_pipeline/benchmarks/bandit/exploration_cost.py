"""What exploration costs in the graph, on top of ordering greedily."""

import time
from collections.abc import Iterator

import numpy as np

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.fresh_process import in_fresh_process
from tfx_pipeline.benchmarks.progress import say
from trainer.bandit.settings import POLICIES, ExplorationSettings

TARGET = 2.0
"""Milliseconds."""

CANDIDATES, FEATURES, SLOTS = 500, 64, 10
_WARM_UP = 20


def exploration_cost_figures(rounds: int = 200) -> Iterator[Figure]:
    """Time the exploration head on one request at a time, in a fresh process that has all cores.

    Args:
        rounds: Calls of each policy.
    """
    say("cost of exploration in the graph")
    milliseconds = in_fresh_process(time_policies, rounds)
    draws = ExplorationSettings().draws
    how = (
        f"median over {rounds} rounds, each of one call of every policy one after the other, of the call's time less "
        f"that of greedy's in the same round: one request, {CANDIDATES} candidates, {FEATURES} features and the "
        f"constant, {SLOTS} slots, {draws} draws, an own intercept of every item, all cores; generated data"
    )
    greedy = np.array(milliseconds["greedy"])
    yield Figure.shown("exploration head, greedy", float(np.median(greedy)), "ms", how)
    for policy in POLICIES[1:]:
        on_top = float(np.median(np.array(milliseconds[policy]) - greedy))
        yield Figure.at_most(f"exploration in the graph, {policy}, on top of greedy", on_top, "ms", TARGET, how)


def time_policies(rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every call, by policy, in this process."""
    import tensorflow as tf

    from trainer.bandit.evidence import append_constant
    from trainer.bandit.exploration_head import ExplorationHead
    from trainer.bandit.posterior import LinearPosterior

    random = np.random.default_rng(7)
    item_ids = [str(row) for row in range(CANDIDATES)]
    shown = append_constant(random.normal(size=(20 * CANDIDATES, FEATURES)))
    prior = LinearPosterior.prior(FEATURES + 1, 1.0, 0.25, item_precision=10.0)
    rewards = random.normal(0, 0.5, 20 * CANDIDATES)
    posterior = prior.update(shown, rewards, [item_ids[row] for row in random.integers(0, CANDIDATES, len(shown))])
    head = ExplorationHead(posterior, item_ids, ExplorationSettings())
    lists = (
        tf.constant(random.uniform(0, 1, (1, CANDIDATES)), tf.float32),
        tf.constant(append_constant(random.normal(size=(CANDIDATES, FEATURES)))[None], tf.float32),
        tf.range(CANDIDATES)[None],
        tf.ones([1, CANDIDATES], tf.bool),
        tf.constant(SLOTS),
    )
    choose = tf.function(head.choose)
    milliseconds: dict[str, list[float]] = {policy: [] for policy in POLICIES}
    for number in range(_WARM_UP + rounds):
        seed = tf.constant([number], tf.int64)
        for policy in POLICIES:
            start = time.perf_counter()
            choose(tf.constant([policy]), *lists, seed).propensities.numpy()
            milliseconds[policy].append(1000 * (time.perf_counter() - start))
    return {policy: values[_WARM_UP:] for policy, values in milliseconds.items()}
