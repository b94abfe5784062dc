"""The choice of a search fusion and of its weights on validation queries."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.conditional_logit import ConditionalLogit
from trainer.fusion_features import scaled
from trainer.search_fusion import FEATURES, KINDS, SearchFusion

SourceScores = Mapping[str, NDArray[np.float32]]

FOLDS = 5
_BEST = 10
_CANDIDATES = 200
"""Documents of a query that are learned from, of all sources together."""
_SHARES = np.linspace(0, 1, 21)


def fit_fusion(
    scores: SourceScores,
    relevant: NDArray[np.integer[Any]],
    kinds: Sequence[str] = KINDS,
    folds: int = FOLDS,
) -> SearchFusion:
    """Choose the kind of fusion with the largest MRR@10, and weigh it.

    Each kind is judged by cross-validation over parts of the queries: its weights are fitted to all of them but one
    and judged on that. The chosen kind is then fitted to all. Equally good kinds: the first named.

    Args:
        scores: Source, such as `lexical` and `dense` -> its scores for the Q queries and V documents; float32 [Q, V].
        relevant: Rows of the relevant documents of each query, integers [Q] or [Q, R]; -1 pads. A query without any is
            left out.
        kinds: The kinds to choose from.
        folds: Parts of the queries; 1 judges nothing, and takes the only kind there is.

    Raises:
        ValueError: No source or kind is given, a kind is unknown, `folds` leaves the choice open, shapes do not fit, a
            row is not in the catalogue, or there are fewer than two queries with a relevant document.
    """
    if folds < 1 or folds == 1 < len(kinds):
        raise ValueError(
            f"folds is {folds}, expected {'1 or more' if len(kinds) < 2 else '2 or more to choose a kind'}"
        )
    relevant = _check(scores, np.asarray(relevant), kinds)
    used = (relevant >= 0).any(axis=1)
    scores, relevant = _take(scores, used), relevant[used]
    if folds == 1:
        return _fit(kinds[0], scores, relevant)
    part = np.arange(len(relevant)) % min(folds, len(relevant))
    validation = {kind: _held_out(kind, scores, relevant, part) for kind in kinds}
    best = max(kinds, key=lambda kind: validation[kind])
    return replace(_fit(best, scores, relevant), validation=validation)


def reciprocal_ranks(scores: NDArray[np.float32], relevant: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """1 / rank of the first relevant document of each query, 0 where that is behind the tenth place.

    Equal scores rank in catalogue order.

    Args:
        scores: float32 [Q, V].
        relevant: Rows, integers [Q, R]; -1 pads.

    Returns:
        float64 [Q].
    """
    columns = np.arange(scores.shape[1])
    found = np.zeros(len(scores))
    for rows in relevant.T:
        own = np.take_along_axis(scores, np.maximum(rows, 0)[:, np.newaxis], axis=1)
        before = (scores > own) | ((scores == own) & (columns < rows[:, np.newaxis]))
        ranks = 1 + before.sum(axis=1)
        found = np.maximum(found, np.where((rows >= 0) & (ranks <= _BEST), 1 / ranks, 0.0))
    return found


def _held_out(kind: str, scores: SourceScores, relevant: NDArray[Any], part: NDArray[np.integer[Any]]) -> float:
    found = np.zeros(len(relevant))
    for fold in range(part.max() + 1):
        held = part == fold
        fusion = _fit(kind, _take(scores, ~held), relevant[~held])
        found[held] = reciprocal_ranks(fusion.score(_take(scores, held)).numpy(), relevant[held])
    return float(found.mean())


def _fit(kind: str, scores: SourceScores, relevant: NDArray[Any]) -> SearchFusion:
    if kind == "sum":
        return _fit_sum(scores, relevant)
    if kind == "learned":
        return _fit_learned(scores, relevant)
    return SearchFusion(kind, {source: (1.0,) for source in scores})


def _fit_sum(scores: SourceScores, relevant: NDArray[Any]) -> SearchFusion:
    """Try shares of one source after the other, the proportions of the others kept."""
    features = np.stack([scaled(each).numpy() for each in scores.values()])
    weights = np.full(len(features), 1 / len(features))
    for source in range(len(features) if len(features) > 2 else len(features) - 1):
        others = np.delete(weights, source)
        # Where this source has had everything, the others start again.
        others = others / others.sum() if others.sum() > 0 else np.full(len(others), 1 / len(others))
        tried = [np.insert(others * (1 - share), source, share) for share in _SHARES]
        found = [
            reciprocal_ranks(np.tensordot(each.astype(np.float32), features, 1), relevant).mean() for each in tried
        ]
        # Of equally good shares the middle one: the edges of a plateau are where it ends.
        best = np.flatnonzero(np.isclose(found, max(found), rtol=0, atol=1e-12))
        weights = tried[best[len(best) // 2]]
    return SearchFusion("sum", {source: (float(weight),) for source, weight in zip(scores, weights, strict=True)})


def _fit_learned(scores: SourceScores, relevant: NDArray[Any]) -> SearchFusion:
    """A conditional logit over the first documents of each source and the relevant ones."""
    candidates, valid, positives = _candidates(scores, relevant)
    names = [(source, feature) for source in scores for feature in FEATURES["learned"]]
    columns = []
    for source, feature in names:
        values = FEATURES["learned"][feature](scores[source]).numpy()
        columns.append(np.take_along_axis(values, candidates, axis=1))
    logit = ConditionalLogit.fit([f"{s} {f}" for s, f in names], np.stack(columns, axis=-1), positives, valid)
    # What is subtracted from a feature is the same for all documents of a query.
    slopes = (logit.weights / logit.deviation).reshape(len(scores), -1).tolist()
    return SearchFusion("learned", {source: tuple(each) for source, each in zip(scores, slopes, strict=True)})


def _candidates(
    scores: SourceScores, relevant: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows [Q, N], each once a query where it is valid, and which of them are valid and relevant."""
    count = min(max(_CANDIDATES // len(scores), 1), next(iter(scores.values())).shape[1])
    found = [np.argsort(-each, axis=1, kind="stable")[:, :count] for each in scores.values()]
    rows = np.sort(np.concatenate([relevant, *found], axis=1).astype(np.int64), axis=1)
    valid = (rows >= 0) & np.pad(rows[:, 1:] != rows[:, :-1], ((0, 0), (1, 0)), constant_values=True)
    positives = valid & (rows[:, :, np.newaxis] == relevant[:, np.newaxis, :]).any(axis=2)
    return np.maximum(rows, 0), valid, positives


def _take(scores: SourceScores, queries: NDArray[np.bool_]) -> dict[str, NDArray[np.float32]]:
    return {source: each[queries] for source, each in scores.items()}


def _check(scores: SourceScores, relevant: NDArray[Any], kinds: Sequence[str]) -> NDArray[Any]:
    if not scores or not kinds:
        raise ValueError(f"{'scores' if not scores else 'kinds'} is empty")
    for kind in kinds:
        if kind not in FEATURES:
            raise ValueError(f"kind is {kind!r}, expected one of {', '.join(KINDS)}")
    relevant = relevant[:, np.newaxis] if relevant.ndim == 1 else relevant
    documents = next(iter(scores.values())).shape[-1]
    for source, each in scores.items():
        if each.shape != (len(relevant), documents):
            raise ValueError(
                f"scores of source {source!r} have shape {each.shape}, expected {len(relevant), documents}"
            )
    if (relevant >= documents).any():
        raise ValueError(f"relevant holds row {relevant.max()}, expected rows below {documents}")
    if (relevant >= 0).any(axis=1).sum() < 2:
        raise ValueError("relevant names a document for fewer than two queries")
    return relevant
