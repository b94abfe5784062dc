"""The search for hyperparameters of the towers: trained on their window, judged by what users chose in the next one."""

import gc
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from trainer import features
from trainer.catalogue import Catalogue, read_catalogue
from trainer.hyperparameters import Hyperparameters
from trainer.item_statistics import target_counts
from trainer.item_texts import ItemTexts
from trainer.mining import cases_of, request_times
from trainer.retrieval_training import train_towers
from trainer.tuning.catalogue_objective import CUTOFF, NextItems
from trainer.tuning.search_settings import TUNING, SearchSettings
from trainer.tuning.search_tuner import HeldOut, TunerFnResult, search_result
from trainer.tuning.trial_strategy import trial_strategy
from trainer.tuning.tuned_values import Value, with_values
from trainer.user_events import UserEvents, read_user_events
from trainer.warm_start.starts import trained_users, window_count

_MOST_CASES = 2_000
"""More users than this do not tell trials apart any better."""
_SPLITS = (features.TRAIN, features.RANKER, features.CATALOGUE)


def tuner_fn(fn_args: Any) -> TunerFnResult:
    """What TFX's Tuner calls.

    Args:
        fn_args: `train_files` are the splits train, ranker and catalogue, `base_model` the `ItemTexts`.

    Raises:
        ValueError: Nobody chose a known item in the ranker's window, so that there is nothing to judge by.
    """
    settings = Hyperparameters.from_json(fn_args.custom_config["hyperparameters"])
    trials = TowerTrials.read(fn_args, settings)
    if not len(trials.next_items):
        raise ValueError("tuning of the towers: nobody chose a known item in the ranker's window to judge trials by")
    told = {name: value for name, value in fn_args.custom_config.items() if name != TUNING}
    return search_result(
        SearchSettings.from_json(fn_args.custom_config[TUNING]),
        trials.score,
        HeldOut(f"NDCG@{CUTOFF}", "users of the ranker's window, over the whole catalogue", len(trials.next_items)),
        settings.seed,
        settings.retrieval["epochs"],
        [sorted(fn_args.train_files), fn_args.transform_graph_path, fn_args.base_model, told],
    )


@dataclass(frozen=True, eq=False)
class TowerTrials:
    """What all trials share.

    Attributes:
        files: Transformed training windows.
        windows: The same as arrays.
        catalogue: The items.
        texts: Their text vectors, float32 [V + 1, T].
        sizes: `users` and `event_types`, see `train_towers`.
        next_items: What trials are judged by.
        settings: The configured settings.
        strategy: Devices that share each batch; None for one.
    """

    files: list[str]
    windows: UserEvents
    catalogue: Catalogue
    texts: np.ndarray
    sizes: dict[str, int]
    next_items: NextItems
    settings: Hyperparameters
    strategy: tf.distribute.Strategy | None

    @classmethod
    def read(cls, fn_args: Any, settings: Hyperparameters) -> "TowerTrials":
        """Read the files that `tuner_fn` is told of."""
        transform = tft.TFTransformOutput(fn_args.transform_graph_path)
        files = {name: _of_split(fn_args.train_files, name) for name in _SPLITS}
        catalogue = read_catalogue(files[features.CATALOGUE], transform, settings.objective_values)
        sizes = {
            "users": transform.vocabulary_size_by_name(features.USER_ID),
            "event_types": transform.vocabulary_size_by_name(features.EVENT_TYPES),
        }
        return cls(
            files=files[features.TRAIN],
            windows=read_user_events(files[features.TRAIN]),
            catalogue=catalogue,
            texts=ItemTexts.load(Path(fn_args.base_model)).vectors,
            sizes=sizes,
            next_items=next_items(read_user_events(files[features.RANKER]), len(catalogue), sizes, settings),
            settings=settings,
            strategy=trial_strategy(fn_args.custom_config),
        )

    def score(self, values: Mapping[str, Value], epochs: int) -> float:
        """Train towers from scratch and judge them; see `search_tuner.Score`."""
        # The model of the trial before and its compiled steps hold each other.
        gc.collect()
        settings = with_values(self.settings, {"retrieval.epochs": epochs, **values})
        counts = target_counts(self.windows, len(self.catalogue), settings.retrieval["repeats"])
        with tempfile.TemporaryDirectory() as logs:
            towers = train_towers(
                self.files,
                self.catalogue,
                self.texts,
                counts,
                self.sizes,
                settings,
                Path(logs),
                window_count=window_count(self.windows),
                strategy=self.strategy,
            )
        towers.set_trained_users(trained_users(self.windows, None))
        return self.next_items.ndcg(towers)


def next_items(events: UserEvents, item_count: int, sizes: Mapping[str, int], settings: Hyperparameters) -> NextItems:
    """What the users of a window chose in it, seen from its start.

    Args:
        events: Examples of the window.
        item_count: Items in the catalogue, V.
        sizes: See `train_towers`.
        settings: Length of the history, and whether towers are to find what a user had before.
    """
    one_event = settings.history.get("ranker_cases") == "event"
    asked_at = request_times(events, each_by_itself=one_event or not settings.shared_cut)
    # To the towers every target counts, whatever its type.
    kinds = {"any": list(range(sizes["event_types"] + 1))}
    cases = cases_of(events, settings.history["length"], item_count, kinds, 0, asked_at)
    return NextItems.of_cases(cases, item_count, not settings.retrieval["repeats"], _MOST_CASES)


def _of_split(files: list[str], split: str) -> list[str]:
    return [pattern for pattern in files if f"/Split-{split}/" in pattern]
