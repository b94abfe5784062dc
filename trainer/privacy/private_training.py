"""DP-SGD: training of the two towers with differential privacy for users."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from trainer.catalogue import Catalogue
from trainer.hyperparameters import Hyperparameters
from trainer.item_tables import ItemFeatures
from trainer.privacy.accounting import epsilon_of
from trainer.privacy.clipped_gradients import clipped_sum
from trainer.privacy.gaussian_noise import noisy_mean
from trainer.privacy.private_towers import build_private_towers, ignore_prices
from trainer.privacy.secret_seeds import secret_seeds
from trainer.privacy.settings import PrivacySettings
from trainer.privacy.statement import PrivacyStatement
from trainer.privacy.user_windows import UserWindows
from trainer.progress import report_progress
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_training import OPTIMIZERS
from trainer.windows import draw_targets

Step = Callable[[tf.Tensor, tf.Tensor], None]


def train_private_towers(
    files: Sequence[str],
    catalogue: Catalogue,
    texts: np.ndarray,
    sizes: Mapping[str, int],
    settings: Hyperparameters,
    logs: Path,
    replicas: int = 1,
    noise_seed: int | None = None,
) -> TwoTowerModel:
    """Fit a two-tower model on training windows by DP-SGD (Abadi et al. 2016, algorithm 1).

    The unit of privacy is the user with all of its windows, and two sets of windows are neighbours if one has a user
    that the other lacks. It always begins from scratch: earlier towers would bring along what they spent. Of
    `retrieval`, `epochs`, `batch_windows`, `steps_per_execution` and `id_dropout` make no difference. The loss is
    neither printed nor logged: it would tell about users without noise.

    Args:
        files: Transformed windows.
        catalogue: The items; they count as public.
        texts: Text vectors, float32 [V + 1, T]; they count as public.
        sizes: `users` and `event_types`, the rows of those vocabularies without the unknown one.
        settings: Sizes, rates, the seed of the initial weights, and `training_privacy`: clipping, noise and steps.
        logs: Folder that gets the `PrivacyStatement`; it is made if absent.
        replicas: Devices that share each batch; more than one are refused.
        noise_seed: Seed of sampling and noise, for tests alone: whoever knows it can take the noise off again. By
            default the operating system gives the randomness.

    Raises:
        ModuleNotFoundError: The package `dp-accounting` is not installed.
        ValueError: The loss compares users, there are too few users, or there are several replicas.
    """
    if replicas > 1:
        raise ValueError(f"private training runs on one replica, not {replicas}: each would add noise of its own")
    privacy = PrivacySettings.of(settings)
    windows = UserWindows.read(files, sizes["users"])
    statement = _statement(privacy, len(windows))
    logs.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(settings.seed)
    known = ItemFeatures.of_catalogue(catalogue, texts)
    model = build_private_towers(catalogue, known, sizes, settings.retrieval)
    chance = np.random.default_rng(noise_seed)
    step = _step(model, settings, privacy, noise_seed)
    with secret_seeds(model, chance):
        for number in range(1, privacy.steps + 1):
            records = windows.sample(statement.sampling_rate, chance)
            step(tf.constant(records, tf.string), chance.integers(2**31, size=2))
            report_progress("private training of the towers", number, privacy.steps)
    ignore_prices(model.item_tower)
    statement.save(logs)
    return model


def _statement(privacy: PrivacySettings, users: int) -> PrivacyStatement:
    rate = privacy.sampling_rate(users)
    return PrivacyStatement(
        epsilon=epsilon_of(privacy.noise_multiplier, rate, privacy.steps, privacy.delta),
        delta=privacy.delta,
        noise_multiplier=privacy.noise_multiplier,
        clip_norm=privacy.clip_norm,
        sampling_rate=rate,
        steps=privacy.steps,
        users=users,
    )


def _step(model: TwoTowerModel, settings: Hyperparameters, privacy: PrivacySettings, noise_seed: int | None) -> Step:
    """A function of serialised windows, string [n], and the seed of their targets, int64 [2], that does one step."""
    options = settings.retrieval
    optimizer = OPTIMIZERS[options["optimizer"]](options["learning_rate"])
    optimizer.build(model.trainable_variables)
    random = _noise_source(noise_seed)

    signature = [tf.TensorSpec([None], tf.string), tf.TensorSpec([2], tf.int64)]

    # Keras traces its own steps without AutoGraph, too.
    @tf.function(input_signature=signature, autograph=False)
    def step(records: tf.Tensor, seed: tf.Tensor) -> None:
        count, flags = options["targets_per_window"], (options["basket_positives"], options["repeats"])
        batch = draw_targets(records, count, seed, *flags)
        sums = clipped_sum(model, batch, privacy.clip_norm)
        mean = noisy_mean(sums, privacy.clip_norm, privacy.noise_multiplier, privacy.expected_users, random)
        optimizer.apply(mean, model.trainable_variables)

    return step


def _noise_source(seed: int | None) -> tf.random.Generator:
    if seed is None:
        return tf.random.Generator.from_non_deterministic_state(alg="philox")
    return tf.random.Generator.from_seed(seed, alg="philox")
