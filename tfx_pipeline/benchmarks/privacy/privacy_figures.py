"""Epsilon and NDCG of privately trained towers beside the same towers without privacy, on Complete Journey."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import keras
import numpy as np

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.privacy.grocer_windows import Grocer
from tfx_pipeline.config import RetrievalConfig
from tfx_pipeline.evaluation import EvaluationCases, score_rankings
from tfx_pipeline.evaluation.top_k import top_k_of_vectors
from trainer.hyperparameters import Hyperparameters
from trainer.privacy.private_training import train_private_towers
from trainer.privacy.settings import PrivacySettings
from trainer.privacy.statement import PrivacyStatement
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_training import train_towers


@dataclass(frozen=True)
class PrivacySizes:
    """How much is trained.

    Attributes:
        noise_multipliers: One private training each.
        expected_users: Households in a step, on average.
        steps: Steps of a private training.
        epochs: Passes of the training without privacy.
        length: Latest purchases of a household that are read.
        targets: Purchases that a step predicts of a household.
        negatives: Products drawn uniformly for each.
        text_dimension: Length of the vectors of words.
    """

    noise_multipliers: tuple[float, ...] = (0.6, 1.2)
    expected_users: int = 128
    steps: int = 150
    epochs: int = 8
    length: int = 100
    targets: int = 16
    negatives: int = 128
    text_dimension: int = 64


def privacy_figures(data_dir: Path, sizes: PrivacySizes | None = None) -> Iterator[Figure]:
    """Train, and ask each model for the new products that households buy in the four weeks after the cut.

    Args:
        data_dir: Not read: the data come with their package.
        sizes: How much is trained.

    Returns:
        NDCG@10 of each training, and the epsilon of the private ones.
    """
    del data_dir
    sizes = sizes or PrivacySizes()
    grocer = Grocer.read(sizes.text_dimension)
    _, cases = grocer.purchases.cut()
    asked = cases.new_only()[0]
    row_of = {user: row for row, user in enumerate(grocer.purchases.user_ids)}
    vocabularies = {"users": len(row_of), "event_types": 1}
    with tempfile.TemporaryDirectory() as folder:
        windows, logs = Path(folder) / "windows.gz", Path(folder) / "logs"
        counts = grocer.write_windows(windows, sizes.length)
        given = ([str(windows)], grocer.catalogue, grocer.texts)
        usual = train_towers(*given, counts, vocabularies, _settings(sizes), logs)
        yield Figure.shown("NDCG@10 without privacy", _ndcg(usual, asked, row_of, sizes.length), "", _how(sizes))
        for noise in sizes.noise_multipliers:
            towers = train_private_towers(*given, vocabularies, _settings(sizes, noise), logs)
            statement = PrivacyStatement.load(logs)
            assert statement is not None
            said = f"noise multiplier {noise:g}"
            yield Figure.shown(f"epsilon, {said}", statement.epsilon, "", statement.sentences[0])
            yield Figure.shown(f"NDCG@10, {said}", _ndcg(towers, asked, row_of, sizes.length), "", _how(sizes))


def _settings(sizes: PrivacySizes, noise_multiplier: float | None = None) -> Hyperparameters:
    """What the trainer is told; the same negatives with and without privacy, but for those of the batch."""
    retrieval = RetrievalConfig(
        mixed_negatives=sizes.negatives, uniform_share=1.0, targets_per_window=sizes.targets, epochs=sizes.epochs
    )
    privacy = None
    if noise_multiplier is not None:
        privacy = asdict(PrivacySettings(noise_multiplier, 1.0, 1e-5, sizes.expected_users, sizes.steps))
    return Hyperparameters({}, {}, {}, retrieval.model_dump(), {}, {}, seed=7, training_privacy=privacy)


def _ndcg(towers: TwoTowerModel, cases: EvaluationCases, row_of: dict[str, int], length: int) -> float:
    """NDCG@10 of new products, for points of view after the whole history."""
    history = np.full((len(cases), length), -1, np.int32)
    for row in range(len(cases)):
        latest = cases.history_of(row)[-length:]
        history[row, : len(latest)] = latest
    batch = {"history": history, "visible": (history >= 0)[:, np.newaxis]}
    batch["users"] = np.array([row_of[user] for user in cases.user_ids], np.int32)
    queries = towers.predict(batch, verbose=0)[:, 0]
    rows = np.arange(towers.item_count)
    parts = [towers.embed_items(rows[start : start + 8192]) for start in range(0, len(rows), 8192)]
    items = np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])
    ranked = top_k_of_vectors(queries, items, 10, excluded=cases.history)
    return float(score_rankings(ranked.items, cases, [10]).means["NDCG@10"] or 0.0)


def _how(sizes: PrivacySizes) -> str:
    return (
        f"Complete Journey, products new to the household in the last four weeks, from its {sizes.length} latest "
        "purchases; one training, the towers alone"
    )
