from typing import Any

import numpy as np

from trainer.losses import Embed, InBatchNegatives


def test_the_negatives_are_the_targets_without_padding(batch: Any, embed: Embed) -> None:
    found = InBatchNegatives()(batch.queries, batch.targets, batch.weights, embed=embed)
    assert np.asarray(found.rows).tolist() == [2, 1, 2, 3, 5, 7, 5, 8, 6, -1]
    np.testing.assert_array_equal(found.vectors, batch.targets.vectors)
    np.testing.assert_array_equal(found.log_q, batch.targets.log_q)
