"""How much each source of scores counts, learned from choices; NumPy and SciPy alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp


@dataclass(frozen=True, eq=False)
class ConditionalLogit:
    """The conditional logit (McFadden 1974) over the scores of S sources.

    With s the score of a source for a candidate, z = (max(s, lowest) - mean) / deviation, and a candidate's own score
    is w . z. A case's candidates are chosen with the softmax of their scores. The weights minimise the mean over the
    cases of the cross-entropy between that and the uniform distribution over the case's positives, plus
    l2 / 2 |w|^2. That is strictly convex: there is one optimum, and it does not depend on the scale of a source.

    Attributes:
        sources: Names of the sources, in the order of the scores; S.
        weights: w; float32 [S].
        mean: Mean of each source over the candidates that were fitted; float32 [S].
        deviation: Their standard deviation, 1 where they are all alike; float32 [S].
        lowest: Their lowest finite score, which takes the place of all lower ones, -inf included; float32 [S].
    """

    sources: tuple[str, ...]
    weights: NDArray[np.float32]
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    lowest: NDArray[np.float32]

    @classmethod
    def fit(
        cls,
        sources: list[str],
        scores: NDArray[np.floating[Any]],
        positives: NDArray[np.bool_],
        valid: NDArray[np.bool_] | None = None,
        l2: float = 1e-3,
    ) -> "ConditionalLogit":
        """Learn the weights with L-BFGS. The same input gives the same weights.

        Args:
            sources: Names of the sources.
            scores: Scores of the N candidates of C cases; floats [C, N, S]. -inf says that a source does not know a
                candidate. The scores must not have seen the positives: those of counts that have are too good.
            positives: Which candidates were chosen, one or more a case; bool [C, N]. A case without any is left out.
            valid: Which candidates there are; bool [C, N]. None for all. Scores of others may be anything.
            l2: Weight of the squared weights.

        Raises:
            ValueError: A shape does not fit, a source has no finite score, a valid score is NaN or +inf, a positive is
                not valid, no case has a positive, or `l2` is not above 0.
        """
        valid = np.ones(positives.shape, np.bool_) if valid is None else valid
        _check(sources, scores, positives, valid, l2)
        used = positives.any(axis=1)
        scores, positives, valid = scores[used], positives[used], valid[used]
        known = scores[valid].astype(np.float64)
        lowest = np.min(known, axis=0, where=np.isfinite(known), initial=np.inf)
        known = np.maximum(known, lowest)
        deviation = known.std(axis=0)
        # The deviation of equal numbers may come out as a rounding error.
        deviation[deviation <= 1e-9 * np.abs(lowest)] = 1.0
        moments = (known.mean(axis=0), deviation, lowest)
        standard = _standardised(np.where(valid[..., np.newaxis], scores, 0.0), *moments)
        found = minimize(
            loss_and_gradient, np.zeros(len(sources)), (standard, positives, valid, l2), "L-BFGS-B", jac=True, tol=1e-12
        )
        parts = (part.astype(np.float32) for part in (found.x, *moments))
        return cls(tuple(sources), *parts)

    def score(self, scores: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """w . z of every candidate.

        Args:
            scores: Scores of the sources; floats [..., S].

        Returns:
            float32 [...].

        Raises:
            ValueError: The last axis is not that of the sources.
        """
        if scores.shape[-1] != len(self.sources):
            raise ValueError(f"scores have {scores.shape[-1]} sources, expected {len(self.sources)}")
        standard = _standardised(np.asarray(scores, np.float32), self.mean, self.deviation, self.lowest)
        return (standard @ self.weights).astype(np.float32)

    def save(self, path: str | Path) -> None:
        """Write everything as a NumPy archive (.npz)."""
        parts = {name: getattr(self, name) for name in ("weights", "mean", "deviation", "lowest")}
        with open(path, "wb") as file:
            np.savez(file, sources=np.array(self.sources, np.str_), **parts)

    @classmethod
    def load(cls, path: str | Path) -> "ConditionalLogit":
        """Read what `save` wrote."""
        with np.load(path) as archive:
            parts = {name: archive[name] for name in ("weights", "mean", "deviation", "lowest")}
            return cls(tuple(archive["sources"].tolist()), **parts)


def loss_and_gradient(
    weights: NDArray[np.float64],
    standard: NDArray[np.float64],
    positives: NDArray[np.bool_],
    valid: NDArray[np.bool_],
    l2: float,
) -> tuple[float, NDArray[np.float64]]:
    """The penalised cross-entropy of `ConditionalLogit` and its gradient.

    Args:
        weights: w; [S] float64.
        standard: z; [C, N, S] float64, finite everywhere.
        positives: Which candidates were chosen, one or more a case; bool [C, N].
        valid: Which candidates there are; bool [C, N].
        l2: Weight of the squared weights.

    Returns:
        The loss, and its gradient [S] float64.
    """
    logits = np.where(valid, standard @ weights, -np.inf)
    totals = logsumexp(logits, axis=1, keepdims=True)
    wanted = positives / positives.sum(axis=1, keepdims=True)
    loss = (totals[:, 0] - (wanted * np.where(valid, logits, 0)).sum(axis=1)).mean() + l2 / 2 * weights @ weights
    errors = (np.exp(logits - totals) - wanted) / len(standard)
    gradient = errors.ravel() @ standard.reshape(-1, standard.shape[-1]) + l2 * weights
    return float(loss), gradient


def _standardised(scores: Any, mean: Any, deviation: Any, lowest: Any) -> Any:
    return (np.maximum(scores, lowest) - mean) / deviation


def _check(
    sources: list[str],
    scores: NDArray[np.floating[Any]],
    positives: NDArray[np.bool_],
    valid: NDArray[np.bool_],
    l2: float,
) -> None:
    if scores.shape != (*positives.shape, len(sources)) or valid.shape != positives.shape:
        raise ValueError(
            f"scores of shape {scores.shape}, positives of {positives.shape}, valid of {valid.shape} and "
            f"{len(sources)} sources do not fit together"
        )
    if not l2 > 0:
        raise ValueError(f"l2 is {l2}, expected more than 0")
    if (positives & ~valid).any():
        raise ValueError("positives holds a candidate that is not valid")
    if not positives.any():
        raise ValueError("positives holds no positive in any case")
    # Cases without a positive do not count, nor do their scores.
    known = scores[valid & positives.any(axis=1, keepdims=True)]
    if np.isnan(known).any() or np.isposinf(known).any():
        raise ValueError("scores holds NaN or +inf for a valid candidate")
    for name, finite in zip(sources, np.isfinite(known).any(axis=0), strict=True):
        if not finite:
            raise ValueError(f"scores of source {name!r} are -inf for every valid candidate")
