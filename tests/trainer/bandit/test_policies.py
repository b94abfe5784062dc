"""What every policy promises; a new policy joins by its name in `POLICIES`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.trainer.bandit.conftest import SIGNATURE
from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.settings import POLICIES
from trainer.bandit.slate import Slate, inclusion_probabilities

every_policy = pytest.mark.parametrize("policy", POLICIES)
every_head = pytest.mark.parametrize("head_name", ["head", "guarded_head"])


def _assert_equal(first: Slate, second: Slate) -> None:
    for part, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(part, other)


def test_every_policy_of_the_head_is_under_contract(head: ExplorationHead) -> None:
    assert head.policy_names == POLICIES


@every_policy
@every_head
@pytest.mark.parametrize(
    ("rows", "candidates", "k"), [(7, 30, 5), (3, 4, 9), (1, 1, 1), (2, 6, 0), (2, 0, 3), (0, 5, 2)]
)
def test_slate_is_well_formed(
    policy: str,
    head_name: str,
    rows: int,
    candidates: int,
    k: int,
    make_candidates: Callable[..., Any],
    request: pytest.FixtureRequest,
) -> None:
    batch = make_candidates(rows, candidates)
    slate = batch.choose(request.getfixturevalue(head_name), policy, k)
    assert {part.shape for part in slate} == {(rows, k)}
    assert [part.dtype for part in slate] == [np.int32, np.float32, np.float32, np.float32]
    for row in range(rows):
        count = min(k, int(batch.valid[row].sum()))
        chosen = slate.indices[row, :count]
        assert len(set(chosen)) == count
        assert batch.valid[row, chosen].all()
        for share in (slate.propensities, slate.inclusions):
            assert ((share[row, :count] > 0) & (share[row, :count] <= 1)).all()
        assert (slate.inclusions[row, :count] >= slate.propensities[row, :count] - 1e-6).all()
        assert (slate.indices[row, count:] == -1).all()
        assert not any(part[row, count:].any() for part in slate[1:])


@every_policy
@every_head
@pytest.mark.parametrize(("candidates", "k"), [(30, 5), (4, 9)])
def test_distribution_sums_to_one_and_is_what_the_slate_reports(
    policy: str,
    head_name: str,
    candidates: int,
    k: int,
    make_candidates: Callable[..., Any],
    request: pytest.FixtureRequest,
) -> None:
    head = request.getfixturevalue(head_name)
    batch = make_candidates(6, candidates)
    distribution, slate = batch.distribution(head, policy, k), batch.choose(head, policy, k)
    filled = np.arange(k) < batch.valid.sum(axis=1)[:, None]
    assert distribution.shape == (6, candidates, k)
    assert (distribution >= 0).all()
    np.testing.assert_allclose(distribution.sum(axis=1), filled, atol=2e-6)
    np.testing.assert_allclose(distribution.sum(axis=(1, 2)), filled.sum(axis=1), atol=2e-5)
    assert (distribution.sum(axis=2)[~batch.valid] == 0).all()
    of_all = inclusion_probabilities(tf.constant(distribution)).numpy()
    np.testing.assert_allclose(of_all.sum(axis=1), filled.sum(axis=1), atol=2e-5)
    assert (of_all <= 1).all()
    for row in range(6):
        chosen = slate.indices[row, filled[row]]
        np.testing.assert_array_equal(
            slate.propensities[row, filled[row]], distribution[row, chosen, range(len(chosen))]
        )
        inclusions = of_all[row, chosen]
        np.testing.assert_allclose(slate.inclusions[row, filled[row]], inclusions, rtol=1e-6)


@every_policy
def test_row_without_a_candidate_stays_empty(
    policy: str, head: ExplorationHead, make_candidates: Callable[..., Any]
) -> None:
    batch = make_candidates(3, 10)
    batch.valid[1] = False
    slate = batch.choose(head, policy, 4)
    assert (slate.indices[1] == -1).all()
    assert not (
        slate.propensities[1].any() or slate.inclusions[1].any() or batch.distribution(head, policy, 4)[1].any()
    )
    assert (slate.indices[[0, 2]] >= 0).all()


@every_policy
def test_candidate_without_a_finite_utility_is_never_shown(
    policy: str, head: ExplorationHead, make_candidates: Callable[..., Any]
) -> None:
    batch = make_candidates(2, 6, share_valid=1.0)
    batch.predicted_utility[0, 3] = np.nan
    batch.features[1, 2, 0] = np.inf
    slate = batch.choose(head, policy, 6)
    assert sorted(slate.indices[0]) == [-1, 0, 1, 2, 4, 5]
    assert sorted(slate.indices[1]) == [-1, 0, 1, 3, 4, 5]
    assert np.isfinite(slate.scores).all()


@pytest.mark.parametrize("policy", ["greedy", "thompson", "lin_ucb", "square_cb", "plackett_luce"])
def test_far_better_candidate_comes_first_all_but_surely(
    policy: str, head: ExplorationHead, make_candidates: Callable[..., Any]
) -> None:
    batch = make_candidates(3, 12, share_valid=1.0)
    batch.predicted_utility[:, 5] += 1e6
    slate = batch.choose(head, policy, 3)
    assert (slate.indices[:, 0] == 5).all()
    np.testing.assert_allclose(slate.propensities[:, 0], 1, atol=1e-5)
    np.testing.assert_allclose(batch.distribution(head, policy, 3).sum(axis=1), 1, atol=1e-5)


@every_policy
def test_row_does_not_depend_on_its_batch(
    policy: str, head: ExplorationHead, make_candidates: Callable[..., Any]
) -> None:
    batch = make_candidates(7, 40)
    whole = batch.choose(head, policy, 8)
    _assert_equal(batch.choose(head, policy, 8), whole)
    _assert_equal(batch.only(slice(2, 3)).choose(head, policy, 8), Slate(*(part[2:3] for part in whole)))
    shuffled = [5, 2, 2, 0]
    _assert_equal(batch.only(shuffled).choose(head, policy, 8), Slate(*(part[shuffled] for part in whole)))


@every_policy
def test_shorter_slate_is_the_start_of_a_longer_one(
    policy: str, head: ExplorationHead, make_candidates: Callable[..., Any]
) -> None:
    batch = make_candidates(4, 40)
    longer, shorter = batch.choose(head, policy, 9), batch.choose(head, policy, 3)
    np.testing.assert_array_equal(shorter.indices, longer.indices[:, :3])
    np.testing.assert_allclose(shorter.propensities, longer.propensities[:, :3], rtol=1e-6)


@pytest.mark.parametrize("policy", ["epsilon_greedy", "thompson", "square_cb", "plackett_luce"])
def test_seeds_explore(policy: str, head: ExplorationHead, make_candidates: Callable[..., Any]) -> None:
    slate = make_candidates(1, 12).repeated(np.arange(60)).choose(head, policy, 3)
    assert len({tuple(row) for row in slate.indices}) > 5


@every_policy
@pytest.mark.parametrize("k", [1, 4, 7])
def test_guard_rails_hold(
    policy: str, k: int, head: ExplorationHead, guarded_head: ExplorationHead, make_candidates: Callable[..., Any]
) -> None:
    """Slots before the explored half are greedy's; a candidate held back is shown only where its mean earns it."""
    batch = make_candidates(6, 14, share_valid=0.9)
    sure = k - int(np.ceil(k / 2))
    greedy = batch.choose(head, "greedy", 14)
    slate, distribution = batch.choose(guarded_head, policy, k), batch.distribution(guarded_head, policy, k)
    np.testing.assert_array_equal(slate.indices[:, :sure], greedy.indices[:, :sure])
    assert (slate.propensities[:, :sure] == 1).all()
    assert (slate.inclusions[:, :sure] == 1).all()
    floor = 0.3 * np.nanmax(batch.predicted_utility, axis=1)
    for row in range(6):
        held_back = batch.valid[row] & ((batch.predicted_utility[row] < floor[row]) | _never_explored(batch.rows[row]))
        ranks = {candidate: rank for rank, candidate in enumerate(greedy.indices[row])}
        for candidate in np.flatnonzero(held_back):
            # Nothing shown before it may leave it as the best, so it cannot come earlier than greedy has it.
            too_early = distribution[row, candidate, : min(ranks[candidate], k)]
            # Under Thompson sampling what is better on average can be drawn to be worse.
            assert policy == "thompson" or (too_early <= 1e-12).all()


def _never_explored(rows: np.ndarray) -> np.ndarray:
    return (rows % 3 == 0) & (rows < 40)


@every_policy
def test_saved_model_answers_the_same(
    policy: str, head: ExplorationHead, make_candidates: Callable[..., Any], exported: tf.Module
) -> None:
    batch = make_candidates(5, 20)
    loaded = Slate(*(part.numpy() for part in exported.choose(*batch.arguments(policy, 6))))
    _assert_equal(loaded, batch.choose(head, policy, 6))
    distribution = exported.distribution(*batch.arguments(policy, 6)).numpy()
    np.testing.assert_array_equal(distribution, batch.distribution(head, policy, 6))


@pytest.fixture(scope="module")
def exported_folder(head: ExplorationHead, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    module = tf.Module()
    module.head = head
    module.choose = tf.function(head.choose, input_signature=SIGNATURE)
    module.distribution = tf.function(head.distribution, input_signature=SIGNATURE)
    tf.saved_model.save(module, str(folder))
    return folder


@pytest.fixture(scope="module")
def exported(exported_folder: Path) -> tf.Module:
    return tf.saved_model.load(str(exported_folder))


def test_graph_holds_core_operations_alone(exported_folder: Path) -> None:
    """Operations that stock TensorFlow Serving registers: those of TensorFlow's own op table, and none in Python."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
    from tensorflow.python.framework import op_def_registry

    graph = SavedModel.FromString((exported_folder / "saved_model.pb").read_bytes()).meta_graphs[0].graph_def
    names = {node.op for function in graph.library.function for node in function.node_def}
    assert len(names) > 20
    assert not [name for name in names if "PyFunc" in name or op_def_registry.get(name) is None]
