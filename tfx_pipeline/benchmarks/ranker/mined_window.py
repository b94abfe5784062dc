"""Mined candidates of a window, and the quality of an order of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfx_pipeline.evaluation.metrics import score_hits
from trainer.mined_examples import mined_dataset

CUTOFF = 10


@dataclass(frozen=True, eq=False)
class MinedRows:
    """Candidates, case after case, in the order of their sources.

    Attributes:
        sizes: Candidates of each case, int64 [C].
        features: float32 [R, F].
        labels: Whether the candidate got the event of the first objective, bool [R].
    """

    sizes: np.ndarray
    features: np.ndarray
    labels: np.ndarray

    @classmethod
    def read(cls, path: Path, widths: tuple[int, int], batch: int) -> "MinedRows":
        """Read a file of `write_mined`; see `mined_dataset` for the arguments."""
        sizes, features, labels = [], [], []
        for inputs, reached in mined_dataset([str(path)], batch, widths, None):
            exists = reached.numpy()[:, :, 0] >= 0
            sizes.append(exists.sum(axis=1))
            features.append(inputs["features"].numpy()[exists])
            labels.append(reached.numpy()[exists][:, 0] > 0)
        return cls(np.concatenate(sizes), np.concatenate(features), np.concatenate(labels))

    def ndcg(self, scores: np.ndarray, target_counts: np.ndarray) -> float:
        """Mean NDCG@10 over the cases, against all of their targets; what was not mined is a miss.

        Args:
            scores: One a candidate, [R]; of equal ones the earlier comes first.
            target_counts: Targets of each case, [C].
        """
        ends = np.cumsum(self.sizes)
        hits = np.zeros((len(self.sizes), CUTOFF), bool)
        for case, (start, end) in enumerate(zip(ends - self.sizes, ends, strict=True)):
            best = np.argsort(-scores[start:end], kind="stable")[:CUTOFF]
            hits[case, : len(best)] = self.labels[start:end][best]
        return float(np.nanmean(score_hits(hits, target_counts, [CUTOFF])[f"NDCG@{CUTOFF}"]))

    def source_order(self) -> np.ndarray:
        """Scores that leave the candidates as the sources name them, [R]."""
        ends = np.cumsum(self.sizes)
        return np.repeat(ends, self.sizes).astype(np.float64) - np.arange(len(self.labels))

    def save_for_peer(self, path: Path) -> None:
        """Write the arrays as .npz."""
        np.savez(path, sizes=self.sizes, features=self.features, labels=self.labels)


def ranker_scores(ranker: tf.Module, mined: tf.data.Dataset) -> np.ndarray:
    """Logits of the first objective of all candidates, [R]."""
    parts = []
    for inputs, reached in mined:
        parts.append(ranker(inputs).numpy()[:, :, 0][reached.numpy()[:, :, 0] >= 0])
    return np.concatenate(parts).astype(np.float64)
