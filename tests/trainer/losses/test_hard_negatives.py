from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer.losses import Embed, HardNegatives


def mine(source: HardNegatives, batch: Any, embed: Embed):
    return source(batch.queries, batch.targets, batch.weights, embed=embed, positives=batch.positives)


def best_rows(batch: Any, vectors: np.ndarray, allowed: np.ndarray, count: int) -> list[set[int]]:
    """The best rows of each query by exhaustive search."""
    best = []
    for query, target, positives in zip(batch.queries, batch.targets.rows, batch.positives, strict=True):
        rows = [row for row in allowed if row not in {target, *positives}]
        best.append(set(sorted(rows, key=lambda row: -(vectors[row] @ query))[:count]))
    return best


def test_the_best_rows_that_are_no_positives_are_found(batch: Any, embed: Embed, item_vectors: np.ndarray) -> None:
    source = HardNegatives(12, count=3)
    source.build((None, 4))
    # An index that lags behind the item tower.
    stale = item_vectors[:12][::-1]
    source.refresh(stale)
    found = mine(source, batch, embed)
    assert [set(rows) for rows in np.asarray(found.rows).tolist()] == best_rows(batch, stale, np.arange(12), 3)
    np.testing.assert_array_equal(found.vectors, item_vectors[np.asarray(found.rows)])


def test_hard_negatives_carry_the_log_q_of_the_target(batch: Any, embed: Embed, item_vectors: np.ndarray) -> None:
    source = HardNegatives(12, count=2)
    source.build((None, 4))
    source.refresh(item_vectors[:12])
    expected = np.repeat(batch.targets.log_q[:, None], 2, axis=1)
    np.testing.assert_array_equal(mine(source, batch, embed).log_q, expected)
    assert not source.draws


def test_a_batch_searches_a_random_part_without_repeats(batch: Any, embed: Embed, item_vectors: np.ndarray) -> None:
    source = HardNegatives(12, count=7, searched=7)
    source.build((None, 4))
    source.refresh(item_vectors[:12])
    parts = []
    for _ in range(40):
        rows = np.asarray(mine(source, batch, embed).rows)
        part = {row for row in rows.ravel() if row >= 0}
        assert len(part) <= 7
        for query, own in enumerate(rows):
            kept = own[own >= 0]
            assert len(set(kept)) == len(kept)
            assert not set(kept) & {batch.targets.rows[query], *batch.positives[query]}
        parts.append(frozenset(part))
    assert len(set(parts)) > 1
    assert frozenset.union(*parts) == set(range(12))


def test_where_too_few_rows_are_left_the_rest_is_no_candidate(
    batch: Any, embed: Embed, item_vectors: np.ndarray
) -> None:
    source = HardNegatives(12, count=12)
    source.build((None, 4))
    source.refresh(item_vectors[:12])
    rows = np.asarray(mine(source, batch, embed).rows)
    known = [len({target, *own} - {-1}) for target, own in zip(batch.targets.rows, batch.positives, strict=True)]
    assert (rows < 0).sum(axis=1).tolist() == known


def test_an_empty_index_gives_no_candidates(batch: Any, embed: Embed) -> None:
    assert np.all(np.asarray(mine(HardNegatives(12, count=2), batch, embed).rows) == -1)


def test_gradients_reach_the_item_tower(batch: Any, item_vectors: np.ndarray) -> None:
    source = HardNegatives(12, count=2)
    source.build((None, 4))
    source.refresh(item_vectors[:12])
    table = tf.Variable(item_vectors)
    with tf.GradientTape() as tape:
        found = mine(source, batch, lambda rows: tf.gather(table, rows))
        total = tf.reduce_sum(found.vectors)
    touched = np.unique(np.asarray(tape.gradient(total, table).indices))
    assert touched.tolist() == np.unique(np.asarray(found.rows)).tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"item_count": 0}, "item_count must be at least 1, got 0"),
        ({"item_count": 9, "count": 0}, "count must be at least 1, got 0"),
        ({"item_count": 9, "searched": 0}, "searched must be at least 1, got 0"),
        ({"item_count": 9, "count": 4, "searched": 3}, "count must be at most 3, the rows searched, got 4"),
        ({"item_count": 3, "count": 4}, "count must be at most 3, the rows searched, got 4"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        HardNegatives(**arguments)
