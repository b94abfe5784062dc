"""A ranker of items by content alone, learned from items that are held out as if they were new."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.candidate_table import candidate_table
from tfx_pipeline.benchmarks.quality.mixture_ranker import (
    LearningTable,
    MixtureRanker,
    fit_mixture,
    learning_table,
)
from tfx_pipeline.benchmarks.quality.settings import ColumnSettings, PoolSettings
from tfx_pipeline.benchmarks.quality.source import FittedFeatures, FittedSource
from tfx_pipeline.benchmarks.quality.sources.own_items_features import FittedOwnItems
from tfx_pipeline.benchmarks.text.cold_items_cases import ColdItemData, held_out_cases
from tfx_pipeline.benchmarks.text.cold_items_settings import ColdItemSettings, SimilaritySettings
from tfx_pipeline.benchmarks.text.cold_items_similarity import ContentSimilarity, cosines
from tfx_pipeline.benchmarks.text.cold_items_vectors import character_runs, meaning, one_hot, tf_idf, words
from tfx_pipeline.evaluation.baselines.recency import EQUAL
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.rankings import Rankings

Cosines = dict[tuple[str, str], NDArray[np.float32]]
"""What the vectors are and what they read -> [V, V]."""


@dataclass(frozen=True, eq=False)
class TfIdfRanker:
    """The simple model: the sum of the TF-IDF cosines to the items of the history; a `Ranker` of the evaluation.

    Attributes:
        similarity: Of words of title and description.
    """

    similarity: ContentSimilarity

    def __call__(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        """Rank all items; equal scores keep catalogue order.

        Raises:
            ValueError: The items of the history should be left out.
        """
        if new_only:
            raise ValueError("new_only is True, expected False: repeats are allowed")
        scores = self.similarity.scores(cases)[self.similarity.name]
        items = np.argsort(-scores, axis=1, kind="stable")[:, :k].astype(np.int32)
        return Rankings(items, np.take_along_axis(scores, items, axis=1))


def tf_idf_ranker(data: ColdItemData, decay: float) -> TfIdfRanker:
    """The simple model over title and description."""
    vectors = tf_idf(_texts(data, "text"), words)
    return TfIdfRanker(ContentSimilarity("tf_idf", cosines(vectors), "sum", decay))


def content_sources(data: ColdItemData, settings: ColdItemSettings) -> dict[str, FittedSource | FittedFeatures]:
    """The similarities of the settings, and whether a candidate is in the history. None of them knows any event."""
    known: Cosines = {}
    sources: dict[str, FittedSource | FittedFeatures] = {"own": FittedOwnItems(EQUAL)}
    for name, similarity in settings.similarities.items():
        key = (similarity.vectors, similarity.of)
        if key not in known:
            known[key] = _cosines(data, similarity)
        sources[name] = ContentSimilarity(name, known[key], similarity.history, settings.decay)
    return sources


def _cosines(data: ColdItemData, similarity: SimilaritySettings) -> NDArray[np.float32]:
    if similarity.vectors == "brand":
        return cosines(one_hot(data.shop.groups["brand"]))
    texts = _texts(data, similarity.of)
    if similarity.vectors == "meaning":
        return cosines(meaning(texts))
    return cosines(tf_idf(texts, words if similarity.vectors == "words" else character_runs))


def _texts(data: ColdItemData, of: str) -> list[str]:
    if of == "title" or data.shop.texts is None:
        return data.titles
    return list(data.shop.texts)


def learned_ranker(
    data: ColdItemData,
    sources: dict[str, FittedSource | FittedFeatures],
    settings: ColdItemSettings,
    seed: int,
) -> MixtureRanker:
    """Hold out items of the valid rows, and learn how content finds them.

    Args:
        data: Catalogue and rows; the test rows are not read.
        sources: Of `content_sources`.
        settings: Candidates and mixture.
        seed: Seed of the held-out parts and of the candidates that are learned from.
    """
    columns = [ColumnSettings(of=name) for name in (*settings.similarities, "is_own")]
    pool = PoolSettings(best=settings.pool)
    cases = held_out_cases(data.shop, data.valid, settings.parts, seed)
    table = learning_table(candidate_table(sources, cases, pool, new_only=False), cases, columns)
    mixture = fit_mixture([sampled(table, settings.negatives, seed)], columns, settings.l2)
    return MixtureRanker(sources, pool, columns, mixture)


def sampled(table: LearningTable, negatives: int, seed: int) -> LearningTable:
    """The positives, and a random share of the others.

    With a uniform draw the conditional logit stays consistent (McFadden 1978, "Modelling the choice of residential
    location", section 7).

    Args:
        table: Candidates of C cases.
        negatives: How many others stay of a case, in the mean over the cases.
        seed: Seed of the draw.
    """
    share = negatives * len(table.candidates) / max(int((~table.positives).sum()), 1)
    kept = table.positives | (np.random.default_rng(seed).random(len(table.positives)) < share)
    return LearningTable(table.inputs[kept], table.positives[kept], table.candidates.keep(kept))
