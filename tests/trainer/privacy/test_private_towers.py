from collections.abc import Callable

import keras
import numpy as np
import pytest

from trainer.losses import MixedNegatives
from trainer.retrieval import TwoTowerModel


def test_no_table_of_ids_is_trained(sampled_towers: TwoTowerModel) -> None:
    tables = (
        sampled_towers.item_embedding,
        sampled_towers.history_embedding,
        sampled_towers.query_tower.user_embedding,
    )
    trained = {variable.path for variable in sampled_towers.trainable_variables}
    for table in tables:
        assert table.embeddings.path not in trained
        assert not np.any(keras.ops.convert_to_numpy(table.embeddings))
    assert len(trained) == 14


def test_they_hold_no_counts(sampled_towers: TwoTowerModel) -> None:
    """Known items and shares are what a shop without events would have."""
    assert set(keras.ops.convert_to_numpy(sampled_towers.id_rows)) == {12}
    np.testing.assert_allclose(keras.ops.convert_to_numpy(sampled_towers.shares), 1 / 13)


def test_a_user_and_its_id_make_no_difference(sampled_towers: TwoTowerModel) -> None:
    history = np.array([[0, 1], [0, 1]])
    _, scores = sampled_towers.recommend({"users": np.array([0, 40]), "history": history}, k=12)
    np.testing.assert_array_equal(scores[0], scores[1])
    assert len(np.unique(scores[0])) > 6


def test_negatives_are_uniform(sampled_towers: TwoTowerModel) -> None:
    (source,) = sampled_towers.softmax.negatives
    assert isinstance(source, MixedNegatives)
    assert (source.count, source.uniform_share) == (6, 1.0)


def test_other_losses_are_refused(make_towers: Callable[..., TwoTowerModel]) -> None:
    with pytest.raises(ValueError, match="^private training needs negatives that do not depend on other users"):
        make_towers(mixed_negatives=0)
