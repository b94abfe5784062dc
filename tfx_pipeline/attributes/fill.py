"""Fills the gaps of a catalogue."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfx_pipeline.attributes.described_items import DescribedItems
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.evaluate.shop_tables import open_shop_tables
from tfx_pipeline.write_aside import write_aside
from trainer.attributes.abstention import NEVER

COLUMNS = ("item_id", "attribute", "value", "probability")


@dataclass(frozen=True)
class FilledAttribute:
    """What became of one attribute.

    Attributes:
        name: The attribute.
        lacking: Items that lack it.
        filled: How many of them have a prediction.
        threshold: Probability from which on there is one; None where no probability is high enough.
        held_out: How many of the held-out items have the attribute.
        answered: Share of these items that get a prediction.
        right: Share of these predictions that are right; None where there are none.
    """

    name: str
    lacking: int
    filled: int
    threshold: float | None
    held_out: int
    answered: float
    right: float | None


def fill_attributes(source: Path, output: Path, precision: float = 0.9) -> list[FilledAttribute]:
    """Train the attribute head on the items that have an attribute, and write what it says of those that lack it.

    Args:
        source: A run directory, whose towers are read as well, or a configuration.
        output: CSV file with the columns item_id, attribute, value and probability; it appears whole or not at all.
        precision: Share of the predictions that should be right.

    Raises:
        ConfigError: The configuration cannot be used.
        DataError: The shop's data cannot be used.
        PipelineError: No run is recorded in the directory, or no attribute has two values to choose from.
    """
    with open_shop_tables(source) as shop:
        # Here, because they import TensorFlow, and a wrong path should be told at once.
        from tfx_pipeline.attributes.described_items import described_items
        from tfx_pipeline.attributes.shop_inputs import shop_inputs

        items = described_items(shop.folder, shop.config.split)
        inputs = shop_inputs(shop, items)
    return fill_items(items, inputs, output, precision, str(source))


def fill_items(
    items: DescribedItems, inputs: np.ndarray, output: Path, precision: float, source: str
) -> list[FilledAttribute]:
    """The same for items whose inputs, float32 [N, F], are there already; `source` names the shop in an error."""
    from trainer.attributes.attribute_model import Answers, AttributeModel, TrainingSettings

    model = AttributeModel.fit(inputs, items.values, items.texts, TrainingSettings(precision=precision))
    if model is None:
        raise PipelineError(f"{source}: no attribute of the items has two values that enough of them share")
    answers: dict[str, Answers] = model.ask(inputs)
    filled, rows = [], []
    for name, answer in answers.items():
        lacks = items.values[name] == ""
        said = np.flatnonzero(lacks & answer.is_given)
        rows += [(items.item_ids[row], name, answer.values[row], f"{answer.probabilities[row]:.4f}") for row in said]
        held_out = model.held_out[name]
        threshold = None if model.thresholds[name] == NEVER else model.thresholds[name]
        filled.append(
            FilledAttribute(
                name, int(lacks.sum()), len(said), threshold, held_out.items, held_out.answered, held_out.right
            )
        )
    with write_aside(output) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(sorted(rows))
    return filled
