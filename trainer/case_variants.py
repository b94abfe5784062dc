"""The situations in which one case teaches the ranker: as it was, wanting something new, searching, and as a stranger.

Without them the ranker would know only users with a long history and no query, and answer everybody else badly.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from trainer.catalogue import Catalogue
from trainer.mining import Cases, add_queries

EncodeQueries = Callable[[list[str]], np.ndarray]


@dataclass(frozen=True)
class Variant:
    """Cases of one situation, and whether they exclude the items of their history."""

    cases: Cases
    new_only: bool = False


def case_variants(
    cases: Cases, catalogue: Catalogue, encode: EncodeQueries, unknown_user: int, seed: int
) -> list[Variant]:
    """The variants of some cases; the first is the cases themselves.

    Args:
        cases: Cases without a query.
        catalogue: The items, whose titles queries are made of.
        encode: Unit text vectors of texts, str [C] to float32 [C, T].
        unknown_user: Row of the unknown user.
        seed: Seed of the queries.

    Returns:
        The cases as they are; all of them wanting something new; all of them with a known-item query, every other
        one as a stranger; and every fourth as a stranger without a query.
    """
    queries = add_queries(cases, catalogue, seed)
    texts = encode(queries.tolist()) * (queries != "")[:, np.newaxis]
    asked = replace(cases, queries=queries, texts=texts.astype(np.float32))
    return [
        Variant(cases),
        Variant(cases, new_only=True),
        Variant(asked.take(slice(0, None, 2))),
        Variant(asked.take(slice(1, None, 2)).as_strangers(unknown_user)),
        Variant(cases.take(slice(0, None, 4)).as_strangers(unknown_user)),
    ]
