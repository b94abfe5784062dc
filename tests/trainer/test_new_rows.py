import numpy as np

from trainer.new_rows import with_new_rows


def test_new_rows_are_those_of_the_unknown_item() -> None:
    table = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)
    grown = with_new_rows(table, 2)
    assert grown.tolist() == [[1, 2], [3, 4], [5, 6], [5, 6], [5, 6]]
    assert grown.dtype == np.float32
    assert with_new_rows(table, 0).tolist() == table.tolist()
