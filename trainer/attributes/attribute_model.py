"""The attribute head, trained, calibrated, and with the probability from which on it answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops
from scipy.special import softmax

from trainer.attributes.abstention import abstention_threshold
from trainer.attributes.attribute_head import AttributeHead
from trainer.attributes.attribute_labels import UNKNOWN, AttributeLabels
from trainer.calibration.platt import Platt, fit_platt

_BATCH = 256
_ASKED_AT_ONCE = 8192


@dataclass(frozen=True)
class TrainingSettings:
    """How the head is trained.

    Attributes:
        epochs: Passes over the items, unless `most_steps` ends the training earlier.
        most_steps: Most steps, of 256 items each.
        learning_rate: Of Adam; falls to 0 along a cosine.
        held_out: Share of the texts whose items calibrate and choose the threshold.
        precision: Share of the answers that should be right.
        seed: Of everything that is drawn.
    """

    epochs: int = 20
    most_steps: int = 3_000
    learning_rate: float = 2e-3
    held_out: float = 0.2
    precision: float = 0.9
    seed: int = 7


@dataclass(frozen=True)
class Answers:
    """Answers to one attribute.

    Attributes:
        values: The most probable value of each item, str [N].
        probabilities: Its calibrated probability, float64 [N].
        is_given: Whether the probability reaches the threshold, bool [N].
    """

    values: np.ndarray
    probabilities: np.ndarray
    is_given: np.ndarray


@dataclass(frozen=True)
class HeldOut:
    """How the answers do on the held-out items that have the attribute.

    Attributes:
        items: How many items these are.
        answered: Share of them that gets an answer.
        right: Share of these answers that are right, which the threshold was chosen for; None where there are none.
    """

    items: int
    answered: float
    right: float | None

    @classmethod
    def of(cls, probabilities: np.ndarray, is_right: np.ndarray, threshold: float) -> "HeldOut":
        """Look at answers with their probabilities, float64 [N], and whether they are right, bool [N]."""
        given = probabilities >= threshold
        answered = float(given.mean()) if len(given) else 0.0
        return cls(len(given), answered, float(is_right[given].mean()) if given.any() else None)


@dataclass(frozen=True)
class AttributeModel:
    """A trained head.

    Attributes:
        head: The network.
        classes: Attribute -> its classes, str [C].
        calibrations: Attribute -> how the probability of its most probable class is corrected.
        thresholds: Attribute -> probability from which on it is answered.
        held_out: Attribute -> how the answers do on the items that the thresholds were chosen on.
    """

    head: AttributeHead
    classes: dict[str, np.ndarray]
    calibrations: dict[str, Platt]
    thresholds: dict[str, float]
    held_out: dict[str, HeldOut]

    @classmethod
    def fit(
        cls,
        inputs: np.ndarray,
        values: Mapping[str, np.ndarray],
        texts: np.ndarray,
        settings: TrainingSettings = TrainingSettings(),
    ) -> "AttributeModel | None":
        """Train on some items, calibrate and choose the thresholds on others.

        Args:
            inputs: float32 [N, F], see `trainer.attributes.item_inputs`.
            values: Attribute -> value of each item, '' where it lacks it, str [N].
            texts: The texts of the items, str [N]: items of one text are on one side.
            settings: How.

        Returns:
            The model; None where no attribute has two classes.
        """
        held_out = held_out_texts(texts, settings.held_out, settings.seed)
        labels = {name: AttributeLabels.of(each, ~held_out) for name, each in values.items()}
        labels = {name: each for name, each in labels.items() if len(each.classes) > 1}
        if not labels:
            return None
        head = _train(
            inputs[~held_out], {name: each.rows[~held_out] for name, each in labels.items()}, labels, settings
        )
        best = _best_of_each(head, inputs[held_out])
        model = cls(head, {name: each.classes for name, each in labels.items()}, {}, {}, {})
        for name in labels:
            model._calibrate(name, *best[name], values[name][held_out], settings.precision)
        return model

    def _calibrate(
        self, name: str, best: np.ndarray, uncorrected: np.ndarray, truth: np.ndarray, precision: float
    ) -> None:
        """Calibrate an attribute and choose its threshold on items that the head was not trained on.

        What is calibrated is how often the answer is right, by a logistic curve through its log-odds (Gupta and Ramdas
        2022, "Top-label calibration and multiclass-to-binary reductions", section 3). An item whose value is too rare
        for a class counts: whatever is said of it is wrong.
        """
        has = truth != ""
        best, uncorrected = best[has], uncorrected[has]
        is_right = self.classes[name][best] == truth[has]
        self.calibrations[name] = fit_platt(uncorrected, is_right) if has.any() else Platt()
        probabilities = self.calibrations[name](uncorrected)
        self.thresholds[name] = abstention_threshold(probabilities, is_right, precision)
        self.held_out[name] = HeldOut.of(probabilities, is_right, self.thresholds[name])

    def ask(self, inputs: np.ndarray) -> dict[str, Answers]:
        """Answers to every attribute for items, from inputs float32 [N, F]."""
        answers = {}
        for name, (best, uncorrected) in _best_of_each(self.head, inputs).items():
            probabilities = self.calibrations[name](uncorrected)
            given = probabilities >= self.thresholds[name]
            answers[name] = Answers(self.classes[name][best], probabilities, given)
        return answers


def held_out_texts(texts: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Hold out the items of a share of the distinct texts; bool [N]. An item without a text stands for itself."""
    own = np.array([text or f"\0{row}" for row, text in enumerate(texts.tolist())], dtype=object)
    distinct, of_item = np.unique(own.astype(str), return_inverse=True)
    chosen = np.random.default_rng(seed).random(len(distinct)) < share
    held_out: np.ndarray = chosen[of_item]
    return held_out


def _train(
    inputs: np.ndarray, rows: dict[str, np.ndarray], labels: dict[str, AttributeLabels], settings: TrainingSettings
) -> AttributeHead:
    keras.utils.set_random_seed(settings.seed)
    has_any = np.any([each != UNKNOWN for each in rows.values()], axis=0)
    inputs, rows = inputs[has_any], {name: each[has_any] for name, each in rows.items()}
    head = AttributeHead({name: len(each.classes) for name, each in labels.items()})
    steps = min(settings.epochs * max(-(-len(inputs) // _BATCH), 1), settings.most_steps)
    losses = {name: keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=UNKNOWN) for name in rows}
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps))
    # Compiling takes longer than a small network is trained.
    head.compile(optimizer, losses, jit_compile=False)
    for batch in _batches(len(inputs), steps, settings.seed):
        head.train_on_batch(inputs[batch], {name: each[batch] for name, each in rows.items()})
    return head


def _batches(items: int, steps: int, seed: int) -> Iterator[np.ndarray]:
    """Rows of the items of each step: one permutation of all items after another."""
    random, waiting = np.random.default_rng(seed), np.zeros(0, np.int64)
    for _ in range(steps):
        while len(waiting) < min(_BATCH, items):
            waiting = np.concatenate([waiting, random.permutation(items)])
        yield waiting[:_BATCH]
        waiting = waiting[_BATCH:]


def _best_of_each(head: AttributeHead, inputs: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What `_best` says of every attribute, some items at a time: all logits of a large catalogue do not fit."""
    starts = range(0, max(len(inputs), 1), _ASKED_AT_ONCE)
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in head.class_counts}
    for start in starts:
        for name, logits in head(inputs[start : start + _ASKED_AT_ONCE]).items():
            parts[name].append(_best(ops.convert_to_numpy(logits)))
    return {
        name: (np.concatenate([best for best, _ in each]), np.concatenate([probable for _, probable in each]))
        for name, each in parts.items()
    }


def _best(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The most probable class of each item, int64 [N], and its probability before calibration, float64 [N]."""
    probabilities = softmax(logits.astype(np.float64), axis=1)
    return probabilities.argmax(axis=1), probabilities.max(axis=1, initial=0.0)
