from itertools import pairwise

import numpy as np
import pytest

from trainer.search_fusion import SearchFusion
from trainer.shop_fusion import FEWEST_QUERIES, shop_fusion
from trainer.text_encoder import TextEncoder

WORDS = ["whole", "milk", "skimmed", "rye", "bread", "white", "old", "cheese", "young", "green", "soap", "mild"]
DOCUMENTS = [f"{first} {second} no{number}" for number, (first, second) in enumerate(pairwise(WORDS * 4))]


def test_too_few_queries_give_the_plain_sum(text_encoder: TextEncoder) -> None:
    queries = ["milk"] * (FEWEST_QUERIES - 1)
    found = shop_fusion(DOCUMENTS, text_encoder, 4, ["words"], queries, np.zeros(len(queries), np.int64))
    assert found == SearchFusion.equal("words", "dense")


def test_held_out_queries_choose_the_fusion(text_encoder: TextEncoder) -> None:
    # Each query names its document by a word that no other has: words tell all, and meaning nothing.
    rows = np.arange(FEWEST_QUERIES + 5)
    queries = [f"no{row}" for row in rows]
    found = shop_fusion(DOCUMENTS, text_encoder, 4, ["words", "stems"], queries, rows)
    assert set(found.weights) == {"words", "stems", "dense"}
    assert max(found.validation.values()) == pytest.approx(1.0)
