"""The search for hyperparameters of the ranker: trained on users of its window, judged by other users of it."""

import gc
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft

from trainer.export import build_retrieval_graph, objective_utility
from trainer.hyperparameters import Hyperparameters
from trainer.mined_examples import mined_dataset, with_vectors
from trainer.ranker_training import train_ranker
from trainer.retrieval_graph import RetrievalGraph
from trainer.retrieval_package import RetrievalPackage
from trainer.shop_encoder import load_shop_encoder
from trainer.tuning.candidate_objective import CUTOFF, utility_ndcg
from trainer.tuning.held_out_users import Miner, divide_by_user
from trainer.tuning.search_settings import TUNING, SearchSettings
from trainer.tuning.search_tuner import HeldOut, TunerFnResult, search_result
from trainer.tuning.trial_strategy import trial_strategy
from trainer.tuning.tuned_values import Value, tuned_settings, with_values
from trainer.utility import Utility

_LEARNED_FROM, _HELD_OUT = "learned_from", "held_out"


def tuner_fn(fn_args: Any) -> TunerFnResult:
    """What TFX's Tuner calls.

    Args:
        fn_args: `train_files` are the split ranker of the transformed examples, `base_model` the retrieval package.

    Raises:
        ValueError: The window has too few users, or nothing that a held-out user chose is among the candidates.
    """
    settings = tuned_settings(fn_args)
    trials = RankerTrials.mine(fn_args, settings, Path(fn_args.working_dir))
    told = {name: value for name, value in fn_args.custom_config.items() if name != TUNING}
    return search_result(
        SearchSettings.from_json(fn_args.custom_config[TUNING]),
        trials.score,
        HeldOut(f"NDCG@{CUTOFF}", "candidates of held-out users of the ranker's window, by utility", trials.users),
        settings.seed,
        settings.ranker["epochs"],
        [sorted(fn_args.train_files), fn_args.transform_graph_path, fn_args.base_model, told],
    )


@dataclass(frozen=True, eq=False)
class RankerTrials:
    """What all trials share.

    Attributes:
        folder: Holds the mined candidates of both parts.
        graph: Where their features come from.
        utility: What candidates are ordered by.
        settings: The configured settings.
        users: How many users were held out.
        strategy: Devices that share each batch; None for one.
    """

    folder: Path
    graph: RetrievalGraph
    utility: Utility
    settings: Hyperparameters
    users: int
    strategy: tf.distribute.Strategy | None

    @classmethod
    def mine(cls, fn_args: Any, settings: Hyperparameters, folder: Path) -> "RankerTrials":
        """Mine the window that `tuner_fn` is told of.

        Raises:
            ValueError: See `tuner_fn`.
        """
        transform = tft.TFTransformOutput(fn_args.transform_graph_path)
        package = RetrievalPackage.load(Path(fn_args.base_model))
        graph = build_retrieval_graph(package, False, transform, settings)
        miner = Miner(transform, package, graph, load_shop_encoder(Path(fn_args.base_model), settings), settings)
        parts = divide_by_user(miner.cases(fn_args.train_files), settings.seed)
        folder.mkdir(parents=True, exist_ok=True)
        for name, cases in zip((_LEARNED_FROM, _HELD_OUT), parts, strict=True):
            if not miner.write(cases, folder / name):
                raise ValueError(f"tuning of the ranker: no candidates for the {len(cases)} cases {name}")
        users = len(set(parts[1].users.tolist()))
        utility = objective_utility(package.catalogue, settings)
        trials = cls(folder, graph, utility, settings, users, trial_strategy(fn_args.custom_config))
        if not any(tf.reduce_any(labels > 0) for _, labels in trials.examples(_HELD_OUT, settings, None)):
            raise ValueError(f"tuning of the ranker: no candidate of the {users} held-out users came true")
        return trials

    def score(self, values: Mapping[str, Value], epochs: int) -> float:
        """Train a ranker from scratch and judge it; see `search_tuner.Score`."""
        # The model of the trial before and its compiled steps hold each other.
        gc.collect()
        settings = with_values(self.settings, {"ranker.epochs": epochs, **values})
        # tf.data mixes the seed of the process into that of the shuffling.
        keras.utils.set_random_seed(settings.seed)
        held_out = self.examples(_HELD_OUT, settings, None)
        with tempfile.TemporaryDirectory() as logs:
            ranker = train_ranker(
                self.examples(_LEARNED_FROM, settings, settings.seed),
                held_out,
                len(self.graph.features.names),
                settings,
                Path(logs),
                self._vector_size,
                strategy=self.strategy,
            )
        return utility_ndcg(ranker, held_out, self.utility)

    @property
    def _vector_size(self) -> int:
        store = self.graph.store
        return int(store.preferences.shape[1] + store.texts.shape[1])

    def examples(self, part: str, settings: Hyperparameters, seed: int | None) -> tf.data.Dataset:
        """Batches of one of the two parts; see `mined_dataset`."""
        widths = (len(self.graph.features.names), len(settings.objectives))
        mined = mined_dataset([str(self.folder / part)], settings.ranker["batch_cases"], widths, seed)
        store = self.graph.store
        return with_vectors(mined, store.preferences, store.texts) if settings.ranker["attended_events"] else mined
