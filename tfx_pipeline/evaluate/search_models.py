"""The models of a request that is about searches."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from serving.client import ShopRankClient
from tfx_pipeline.evaluate.evaluation_data import EvaluationData
from tfx_pipeline.evaluate.loaded_model import LoadedModel, connect, from_ranker
from tfx_pipeline.evaluate.model_items import items_of_model
from tfx_pipeline.evaluate.model_source import ModelSource
from tfx_pipeline.evaluate.search_ranker import Search, SearchRanker
from tfx_pipeline.evaluate.search_texts import SearchTexts
from tfx_pipeline.evaluation.baselines.bm25 import BM25
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.rankings import Ranker, Rankings
from tfx_pipeline.number_format import format_count
from tfx_pipeline.sources.errors import DataError

SEARCH_BASELINES = ("BM25",)


def search_loaders(
    data: EvaluationData, texts: SearchTexts, stack: ExitStack
) -> dict[str, Callable[[ModelSource], LoadedModel]]:
    """What loads each kind of model that has to be asked in another way when it is to search.

    Args:
        data: What the models are asked about.
        texts: Its queries and documents.
        stack: Closes connections.
    """

    def saved_model(source: ModelSource) -> LoadedModel:
        # TensorFlow takes seconds to import, and other models do without.
        from tfx_pipeline.evaluate.saved_model_search import SavedModelSearch

        ranker = SearchRanker(SavedModelSearch(Path(source.place)), data, texts)
        unknown = _unknown_targets(source, data)
        return from_ranker(source, ranker, lambda: _named(source, [*unknown, *ranker.notes()]))

    def model_server(source: ModelSource) -> LoadedModel:
        ranker = SearchRanker(_asked_over_grpc(connect(source, stack)), data, texts)
        return from_ranker(source, ranker, lambda: _named(source, ranker.notes()))

    return {
        "saved model": saved_model,
        "model server": model_server,
        "Keras towers": _refuse,
        "baseline": lambda source: from_ranker(source, bm25_ranker(texts)),
    }


def bm25_ranker(texts: SearchTexts) -> Ranker:
    """BM25 over the documents."""
    index = BM25().fit(texts.documents)

    def rank(cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        return index.search(texts.queries_of(cases), k)

    return rank


def _asked_over_grpc(client: ShopRankClient) -> Search:
    def search(queries: Sequence[str], k: int) -> list[list[tuple[str, float]]]:
        rows = len(queries)
        slates = client.recommend([""] * rows, queries=queries, k=k, policies=["greedy"] * rows, seeds=[0] * rows)
        return [[(item.item_id, item.score) for item in slate.items] for slate in slates]

    return search


def _refuse(source: ModelSource) -> LoadedModel:
    raise DataError(f"--model {source.word}: {source.kind} take no query; the exported SavedModel does")


def _unknown_targets(source: ModelSource, data: EvaluationData) -> list[str]:
    """A model that does not name its items says nothing about those that it does not know."""
    known = items_of_model(source)
    targets = pa.array(data.item_ids[np.unique(data.cases.targets.values)], pa.string())
    unknown = len(targets) - int(pc.sum(pc.is_in(targets, value_set=known)).as_py())
    if not len(known) or not unknown:
        return []
    counts = f"{format_count(unknown)} of the {format_count(len(targets))} relevant items"
    return [f"{counts} are unknown to the model and count as missed"]


def _named(source: ModelSource, notes: Sequence[str]) -> list[str]:
    return [f"{source.name}: {note}" for note in notes]
