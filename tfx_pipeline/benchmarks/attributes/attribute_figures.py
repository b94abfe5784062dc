"""The figures of the attribute head on the catalogue of Complete Journey."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from tfx_pipeline.attributes.described_items import DescribedItems
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.datasets.complete_journey import complete_journey_data, package_split
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.text_config import TextConfig
from trainer.features import CATEGORY_SEPARATOR

ITEMS = 15_000
TEST_SHARE = 0.2
_SEED = 1
_AT_ONCE = 1_000


def attribute_figures(items: int = ITEMS) -> Iterator[Figure]:
    """Measure the attribute head from texts alone, without a trained item vector.

    A fifth of the distinct texts is held out with all of its items; of the others a fifth calibrates. The title of an
    item of this catalogue begins with the last level of its category, so that `category` is easy here.

    Args:
        items: Items that are drawn.

    Yields:
        Accuracy of the head, of the nearest neighbour by text and of the most frequent value; and for the answers that
        the head gives, how many there are and how often they are right.
    """
    try:
        described = complete_journey_items(items)
    except DataError as error:
        yield Figure.absent("attributes", "", 0.0, str(error))
        return
    from tfx_pipeline.attributes.shop_inputs import encoded_inputs
    from tfx_pipeline.environment import prepare_environment
    from trainer.attributes.attribute_model import AttributeModel, held_out_texts

    prepare_environment()
    say(f"encoding the texts of {len(described.item_ids):,} items")
    inputs = encoded_inputs(described.texts, TextConfig())
    test = held_out_texts(described.texts, TEST_SHARE, _SEED)
    values = {name: each[~test] for name, each in described.values.items()}
    say("training the attribute head")
    model = AttributeModel.fit(inputs[~test], values, described.texts[~test])
    assert model is not None
    for name, answers in model.ask(inputs[test]).items():
        truth = described.values[name][test]
        has = truth != ""
        how = f"{has.sum():,} items of Complete Journey whose text no training item has, of {items:,} that were drawn"
        is_right = answers.values[has] == truth[has]
        given = answers.is_given[has]
        guesses = {
            "nearest neighbour by text": nearest_neighbour(inputs, described.values[name], test),
            "most frequent value": most_frequent(described.values[name], test),
        }
        yield Figure.shown(f"{name}: accuracy of the attribute head", float(is_right.mean()), "", how)
        for guess, found in guesses.items():
            yield Figure.shown(f"{name}: accuracy of the {guess}", float((found[has] == truth[has]).mean()), "", how)
        yield Figure.shown(f"{name}: share answered", float(given.mean()), "", f"from the chosen probability on; {how}")
        if given.any():
            right = float(is_right[given].mean())
            yield Figure.shown(f"{name}: right among the answered", right, "", f"0.9 was asked for; {how}")
        gap = abs(float(answers.probabilities[has].mean()) - float(is_right.mean()))
        yield Figure.shown(f"{name}: mean probability against accuracy", gap, "", f"their distance; {how}")


def complete_journey_items(count: int) -> DescribedItems:
    """Some items of Complete Journey, each with the mean price paid for one before the eval window.

    Raises:
        DataError: The package with the data is not installed.
    """
    data = complete_journey_data()
    assert data.items is not None
    table = pq.read_table(data.items.path).to_pandas().astype({"product_id": str})
    table = table.sample(min(count, len(table)), random_state=_SEED)
    title, category = (
        _joined(table, data.items.columns[name], separator)
        for name, separator in (("title", " "), ("category", CATEGORY_SEPARATOR))
    )
    lines = pd.read_parquet(str(data.events.path), columns=["product_id", "transaction_timestamp", "sales_value"])
    eval_start = package_split().eval_start
    assert eval_start is not None
    before = lines["transaction_timestamp"] < pd.Timestamp(eval_start).tz_localize(None)
    prices = lines[before].astype({"product_id": str}).groupby("product_id")["sales_value"].mean()
    brands = table["brand"].fillna("").to_numpy(dtype=object)
    paid = prices.reindex(table["product_id"]).to_numpy(dtype=np.float64)
    return DescribedItems.of(table["product_id"].to_numpy(dtype=object), title, category, brands, paid)


def nearest_neighbour(inputs: np.ndarray, values: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Value of the training item with the most similar text, for each test item; str [test items].

    Args:
        inputs: Text vectors of one length, float32 [N, X].
        values: Values, '' where unknown, str [N].
        test: Which items are test items, bool [N].
    """
    known = np.flatnonzero(~test & (values != ""))
    wanted = inputs[test]
    parts = [
        np.argmax(wanted[start : start + _AT_ONCE] @ inputs[known].T, axis=1)
        for start in range(0, len(wanted), _AT_ONCE)
    ]
    found: np.ndarray = values[known[np.concatenate(parts)]]
    return found


def most_frequent(values: np.ndarray, test: np.ndarray) -> np.ndarray:
    """The most frequent value of the training items, for each test item; str [test items]."""
    found, counts = np.unique(values[~test & (values != "")].astype(str), return_counts=True)
    return np.full(int(test.sum()), found[counts.argmax()], dtype=object)


def _joined(table: pd.DataFrame, columns: list[str] | str, separator: str) -> np.ndarray:
    """The parts of each row that are there, joined; str [N]."""
    rows = table[list(columns)].fillna("").astype(str).to_numpy()
    return np.array([separator.join(part for part in row if part) for row in rows], dtype=object)
