"""One measurement: towers and ranker that continue, and from scratch, asked about the same days."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.warm_start.journey_moment import Journey, Moment
from tfx_pipeline.benchmarks.warm_start.measured_ranker import MeasuredRanker, RankerWindow
from tfx_pipeline.config import BanditConfig, HistoryConfig, RankerConfig, RetrievalConfig, TextConfig
from tfx_pipeline.evaluation.metrics import score_hits
from tfx_pipeline.training_config import TrainingConfig
from trainer.features import EVENT_TYPES, USER_ID
from trainer.hyperparameters import Hyperparameters
from trainer.item_statistics import target_counts
from trainer.item_texts import ItemTexts
from trainer.ranker import Ranker
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_training import train_towers
from trainer.text_encoder import TextEncoder
from trainer.user_events import read_user_events
from trainer.warm_start.ranker_start import RankerStart
from trainer.warm_start.row_match import match_rows
from trainer.warm_start.starts import texts_to_start_with, trained_users, window_count, windows_to_learn
from trainer.warm_start.towers_start import VOCABULARIES, TowersStart

SPAN_DAYS, TEST_DAYS = 30, 28
_CUTOFF = 10
_BATCH = 64


@dataclass(frozen=True)
class Trained:
    """What a training gave.

    Attributes:
        ndcg: NDCG@10 of the towers, of what households had not bought before, mean over them.
        seconds: Wall time of the training of the towers, with the reading of its windows.
        windows: Windows that they learned from, each counted once an epoch.
        ranker_seconds: Wall time of the training of the ranker.
        chain_ndcg: NDCG@10 of all items, in the order of the ranker; None where it was not asked.
    """

    ndcg: float
    seconds: float
    windows: int
    ranker_seconds: float
    chain_ndcg: float | None = None


@dataclass(frozen=True)
class StartMeasurement:
    """Trainings of one seed.

    Attributes:
        earlier: The model of 30 days before the cut, asked about the same days after it.
        scratch: Trained on everything before the cut.
        continued: Gone on from the earlier one with the 30 days.
    """

    earlier: Trained
    scratch: Trained
    continued: Trained


def measure_starts(
    cut: datetime, seeds: Sequence[int], folder: Path, training: TrainingConfig | None = None
) -> Iterator[StartMeasurement]:
    """Train 30 days before a moment, and at it from both starts.

    As in a run the towers learn what lies before the ranker's window, and the ranker learns this window.

    Args:
        cut: The moment, in UTC; the days after it are asked about.
        seeds: Of the trainings.
        folder: Takes windows, text vectors and logs.
        training: How to continue; as a run does by default.

    Raises:
        DataError: The data are not installed.
    """
    journey = Journey.read()
    encoder = TextEncoder.load(None, TextConfig().max_tokens)
    before, now = (Moment.of(journey, moment, folder, encoder) for moment in (cut - timedelta(days=SPAN_DAYS), cut))
    counted = RankerWindow.of(before, _settings(0)), RankerWindow.of(now, _settings(0))
    after = journey.between(cut, TEST_DAYS)
    how = training or TrainingConfig()
    for seed in seeds:
        settings = _settings(seed)
        say(f"models of {SPAN_DAYS} days before, seed {seed}")
        towers, texts, seconds, windows = _train(before, settings, folder)
        earlier = MeasuredRanker.train(counted[0], towers, texts, settings, folder)
        old = Trained(_ndcg(towers, before, now.lines, after), seconds, windows, earlier.seconds)
        measured = []
        for name, start, ranker_start in (
            ("from scratch", None, None),
            ("that continue", *_starts(towers, earlier.ranker, before, now, how)),
        ):
            say(f"models {name}, seed {seed}")
            model, texts, seconds, windows = _train(now, settings, folder, start)
            ranker = MeasuredRanker.train(counted[1], model, texts, settings, folder, ranker_start)
            asked = ranker.ndcg(after, folder)
            measured.append(Trained(_ndcg(model, now, now.lines, after), seconds, windows, ranker.seconds, asked))
        yield StartMeasurement(old, *measured)


def _starts(
    towers: TwoTowerModel, ranker: Ranker, before: Moment, now: Moment, how: TrainingConfig
) -> tuple[TowersStart, RankerStart]:
    learned = before.lines["seconds"][before.lines["seconds"] < before.learned_until]
    start = TowersStart(
        towers=towers,
        matches={name: match_rows(before.words[name], now.words[name]) for name in VOCABULARIES},
        epochs=how.continued_epochs,
        learning_rate_share=how.learning_rate_share,
        since=int(learned.max() - how.overlap_days * 86_400),
    )
    return start, RankerStart(ranker, epochs=how.continued_epochs, learning_rate_share=how.learning_rate_share)


def _train(
    moment: Moment, settings: Hyperparameters, folder: Path, start: TowersStart | None = None
) -> tuple[TwoTowerModel, ItemTexts, float, int]:
    """Train towers as the pipeline's stage does; they, their texts, the seconds and the windows of all epochs."""
    began = time.perf_counter()
    windows = read_user_events([str(moment.windows)])
    texts = texts_to_start_with(moment.texts, start)
    learned, start = windows_to_learn(windows, start)
    items = len(moment.catalogue)
    towers = train_towers(
        [str(moment.windows)],
        moment.catalogue,
        texts.vectors,
        target_counts(learned, items, settings.retrieval["repeats"]),
        {"users": len(moment.words[USER_ID]), "event_types": len(moment.words[EVENT_TYPES])},
        settings,
        folder / "logs",
        window_count(learned),
        start,
    )
    towers.set_trained_users(trained_users(learned, start))
    epochs = settings.retrieval["epochs"] if start is None else start.epochs
    return towers, texts, time.perf_counter() - began, epochs * window_count(learned)


def _settings(seed: int) -> Hyperparameters:
    """What a run is told by default."""
    return Hyperparameters(
        objectives={"purchase": {"event_types": ["purchase"], "weight": 1.0}},
        history=HistoryConfig().model_dump(mode="json"),
        text=TextConfig().model_dump(mode="json"),
        retrieval=RetrievalConfig().model_dump(mode="json"),
        ranker=RankerConfig().model_dump(mode="json"),
        bandit=BanditConfig().model_dump(mode="json"),
        seed=seed,
    )


def _ndcg(towers: TwoTowerModel, moment: Moment, history: pd.DataFrame, after: pd.DataFrame) -> float:
    """NDCG@10 of new items, over the households with purchases on both sides of the cut.

    Items that the towers do not know are targets all the same, which nobody finds.
    """
    known = history[["household_id", "product_id"]].drop_duplicates()
    bought = after[["household_id", "product_id"]].drop_duplicates()
    both = bought.merge(known, how="left", indicator=True)
    wanted = both[(both["_merge"] == "left_only") & both["household_id"].isin(known["household_id"])]
    rows_of_items = pd.Index(moment.words["item_id"])
    targets = wanted.groupby("household_id")["product_id"].agg(list)
    pasts = history[history["household_id"].isin(targets.index)].groupby("household_id")["product_id"].agg(list)
    hits, counts = [], []
    for first in range(0, len(targets), _BATCH):
        households = targets.index[first : first + _BATCH]
        past = [rows_of_items.get_indexer(pd.Index(pasts[each]).astype(str)) for each in households]
        found = _recommended(towers, moment, households, [rows[rows >= 0] for rows in past])
        for rows, each in zip(found, households, strict=True):
            hits.append(np.isin(rows, rows_of_items.get_indexer(pd.Index(targets[each]).astype(str))) & (rows >= 0))
            counts.append(len(targets[each]))
    return float(np.nanmean(score_hits(np.stack(hits), np.array(counts), [_CUTOFF])[f"NDCG@{_CUTOFF}"]))


def _recommended(towers: TwoTowerModel, moment: Moment, households: pd.Index, pasts: list[np.ndarray]) -> np.ndarray:
    """The best new items of some households, by their whole history, oldest first; rows [B, 10]."""
    users = pd.Index(moment.words[USER_ID]).get_indexer(households.astype(str))
    length = max(max(map(len, pasts)), 1)
    history = np.stack([np.pad(past, (0, length - len(past)), constant_values=-1) for past in pasts])
    batch = {"users": np.where(users < 0, len(moment.words[USER_ID]), users), "history": history}
    return towers.recommend(batch, _CUTOFF, new_only=True)[0]
