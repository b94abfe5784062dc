import numpy as np
import pytest
from keras import ops

from trainer.losses import HardNegatives, RefreshIndex


def test_the_index_is_the_item_tower_of_the_epoch(item_vectors: np.ndarray) -> None:
    source = HardNegatives(12, count=2)
    source.build((None, 4))
    scale = [1.0]
    refresh = RefreshIndex(source, lambda rows: ops.take(item_vectors, rows, axis=0) * scale[0], batch_size=5)
    refresh.on_epoch_begin(0)
    assert np.all(np.asarray(source.order) == -1)
    for epoch in (1, 2):
        scale[0] = float(epoch)
        refresh.on_epoch_begin(epoch)
        np.testing.assert_allclose(source.index, item_vectors[:12] * epoch, rtol=1e-6)
        assert sorted(np.asarray(source.order).tolist()) == list(range(12))


def test_the_first_epoch_can_be_chosen(item_vectors: np.ndarray) -> None:
    source = HardNegatives(12, count=2)
    source.build((None, 4))
    RefreshIndex(source, lambda rows: ops.take(item_vectors, rows, axis=0), first_epoch=0).on_epoch_begin(0)
    np.testing.assert_array_equal(source.index, item_vectors[:12])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"first_epoch": -1}, "first_epoch must be at least 0, got -1"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        RefreshIndex(HardNegatives(12), lambda rows: rows, **arguments)
