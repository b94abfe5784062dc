"""How good the probabilities of the served ranker are, objective by objective."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfx_pipeline.components.candidate_miner import LABEL_PREFIX
from tfx_pipeline.evaluation.probabilities import ProbabilityScores, score_probabilities
from tfx_pipeline.served_ranker import ServedRanker
from trainer import features


@dataclass(frozen=True, eq=False)
class LabelledPairs:
    """Pairs of a user and a candidate with what happened.

    Attributes:
        users: User id of each pair, as bytes; [N].
        items: Item id of each pair, as bytes; [N].
        labels: Objective -> 1 where it was reached, else 0; [N] float32.
    """

    users: np.ndarray
    items: np.ndarray
    labels: dict[str, np.ndarray]


def read_labelled_pairs(files: Sequence[Path], objectives: Sequence[str]) -> LabelledPairs:
    """Read the rows that the CandidateMiner wrote for the gates: compressed tf.Examples."""
    single = tf.io.FixedLenFeature([], tf.string)
    label = tf.io.FixedLenFeature([], tf.float32)
    names = {LABEL_PREFIX + objective: label for objective in objectives}
    parser = {features.USER_ID: single, features.ITEM_ID: single, **names}
    records = tf.data.TFRecordDataset([str(path) for path in files], "GZIP").batch(4096)
    parts = [tf.io.parse_example(batch, parser) for batch in records]
    if not parts:
        return LabelledPairs(np.zeros(0, object), np.zeros(0, object), {name: np.zeros(0) for name in objectives})
    columns = {name: np.concatenate([part[name].numpy() for part in parts]) for name in parser}
    labels = {objective: columns[LABEL_PREFIX + objective] for objective in objectives}
    return LabelledPairs(columns[features.USER_ID], columns[features.ITEM_ID], labels)


def score_ranker(served: ServedRanker, pairs: LabelledPairs, rounds: int, seed: int) -> tuple[ProbabilityScores, ...]:
    """Ask the served ranker about labelled pairs and score its probabilities; users are resampled, not pairs."""
    if not len(pairs.users):
        return ()
    users = np.unique(pairs.users, return_inverse=True)[1]
    probabilities = served.probabilities(pairs.users, pairs.items)
    return tuple(
        score_probabilities(objective, labels, probabilities[objective], users, rounds, seed)
        for objective, labels in pairs.labels.items()
    )
