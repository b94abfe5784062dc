import numpy as np

from trainer.candidates import CandidateCounts
from trainer.index.building import IndexSettings
from trainer.index.ivf import IvfIndex
from trainer.index.user_queries import user_queries
from trainer.retrieval_graph import RetrievalGraph
from trainer.retrieval_package import RetrievalPackage


def test_users_with_a_history_ask(package: RetrievalPackage, retrieval_graph: RetrievalGraph) -> None:
    queries = user_queries(retrieval_graph.encoder, package.users)
    assert queries.shape == ((package.users.items >= 0).any(axis=1).sum(), package.preferences().shape[1])
    np.testing.assert_allclose(np.linalg.norm(queries, axis=1), 1, atol=1e-5)


def test_the_graph_can_hold_either(package: RetrievalPackage, retrieval_graph: RetrievalGraph) -> None:
    counts = CandidateCounts(retrieved=5, from_history=4, neighbours=3, lexical=3, popular=3)
    types = {"purchase": [0], "click": [1]}
    graph = RetrievalGraph(package, True, counts, 0.8, types, 3, retrieval_graph.search, IndexSettings("ivf", lists=2))
    assert isinstance(graph.index, IvfIndex) and graph.index_report.kind == "ivf"
    assert not isinstance(retrieval_graph.index, IvfIndex) and retrieval_graph.index_report.kind == "exact"
