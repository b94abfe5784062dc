"""The loop of pretraining: updates, measurements on held-out text, and an end where these get no better."""

import math
from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np

from trainer.text_training.batch_source import BatchSource
from trainer.text_training.pretraining_batches import Batch
from trainer.text_training.pretraining_history import PretrainingEvaluation
from trainer.text_training.pretraining_model import PretrainingModel
from trainer.text_training.pretraining_settings import PretrainingSettings
from trainer.text_training.text_optimizer import WarmupDecay, text_optimizer

Progress = Callable[[int, int], None]


def train_until_best(
    model: PretrainingModel, source: BatchSource, settings: PretrainingSettings, progress: Progress | None = None
) -> tuple[list[PretrainingEvaluation], list[np.ndarray] | None]:
    """Train a model until its steps are done, or its perplexity has not fallen for `settings.patience` measurements.

    Args:
        model: The model; it ends with the weights of the last step.
        source: The batches.
        settings: The settings.
        progress: Called after every update with the updates that are done and all of them.

    Returns:
        The measurements, the first before any update, and the weights of the model at the lowest perplexity; None where
        no update made it lower.
    """
    steps = min(settings.maximum_steps, settings.epochs * source.epoch_length())
    _compile(model, steps, settings)
    held_out = source.held_out_batches()
    evaluations, best = [_evaluate(model, held_out, 0, None, settings)], None
    waited = 0
    for step, batch in enumerate(islice(source.training_batches(), steps), start=1):
        logs = model.train_on_batch(batch, return_dict=True)
        if progress is not None:
            progress(step, steps)
        if step % settings.evaluate_every and step < steps:
            continue
        lowest = min(each.perplexity for each in evaluations)
        evaluations.append(_evaluate(model, held_out, step, float(logs["token_loss"]), settings))
        waited = 0 if evaluations[-1].perplexity < lowest else waited + 1
        best = model.get_weights() if waited == 0 else best
        if waited >= settings.patience:
            break
    return evaluations, best


def _compile(model: PretrainingModel, steps: int, settings: PretrainingSettings) -> None:
    rate = WarmupDecay(settings.learning_rate, max(steps, 1), round(settings.warmup_share * steps))
    optimizer = text_optimizer(rate, model.trainable_variables, settings.weight_decay, settings.clip_norm)
    model.compile(optimizer=optimizer, jit_compile=settings.jit_compile)


def _evaluate(
    model: PretrainingModel,
    batches: Sequence[Batch],
    step: int,
    training_loss: float | None,
    settings: PretrainingSettings,
) -> PretrainingEvaluation:
    model.reset_metrics()
    for batch in batches:
        model.test_on_batch(batch)
    loss, accuracy = float(model.token_loss.result()), float(model.sentence_accuracy.result())
    # The next training loss is the mean from here on.
    model.reset_metrics()
    return PretrainingEvaluation(
        step, math.exp(loss), training_loss, accuracy if settings.next_sentence_weight else None
    )
