import numpy as np

from trainer.history.known_embedding import KnownEmbedding


def test_unknown_values_give_zeros_and_others_their_row() -> None:
    layer = KnownEmbedding(3, 4)
    vectors = layer(np.array([[2, -1, 0]])).numpy()
    table = layer.get_weights()[0]
    np.testing.assert_array_equal(vectors, [[table[2], np.zeros(4), table[0]]])
