import numpy as np
import pytest

from trainer.quantisation.stand_ins import StandIns, stand_in_of
from trainer.quantisation.vector_tables import vector_table
from trainer.row_embedding import RowEmbedding
from trainer.row_lookup import take_rows


@pytest.fixture
def embedding() -> RowEmbedding:
    layer = RowEmbedding(3, 2)
    layer.build()
    return layer


def test_a_table_is_read_in_place_of_a_weight_while_it_stands_in(embedding: RowEmbedding) -> None:
    own = embedding.embeddings.numpy()
    table = vector_table(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32), "float16", "table")
    with StandIns([(embedding.embeddings, table)]).in_place():
        np.testing.assert_array_equal(embedding(np.array([2, 0])), [[5.0, 6.0], [1.0, 2.0]])
    np.testing.assert_array_equal(embedding(np.array([2, 0])), own[[2, 0]])


def test_stand_ins_end_with_an_error_as_well(embedding: RowEmbedding) -> None:
    table = vector_table(np.zeros((3, 2), np.float32), "int8", "table")
    with pytest.raises(KeyError), StandIns([(embedding.embeddings, table)]).in_place():
        raise KeyError
    assert stand_in_of(embedding.embeddings) is None


def test_without_stand_ins_every_weight_is_its_own(embedding: RowEmbedding) -> None:
    with StandIns().in_place():
        assert stand_in_of(embedding.embeddings) is None
        np.testing.assert_array_equal(take_rows(embedding.embeddings, np.array([1])), embedding.embeddings[1:2])
