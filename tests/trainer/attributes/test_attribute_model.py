"""The head on items whose attributes follow from their inputs, and on some whose attributes do not."""

from pathlib import Path

import keras
import numpy as np
import pytest

from trainer.attributes.abstention import NEVER
from trainer.attributes.attribute_head import AttributeHead
from trainer.attributes.attribute_model import AttributeModel, TrainingSettings, held_out_texts

ITEMS, GAPS = 900, 100


@pytest.fixture(scope="module")
def shop() -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Inputs in four clouds, a category that tells the cloud, a brand that nothing tells; the last items lack both."""
    random = np.random.default_rng(0)
    cloud = random.integers(4, size=ITEMS)
    inputs = (3 * np.eye(4)[cloud] + random.normal(size=(ITEMS, 4))).astype(np.float32)
    values = {
        "category": np.array([f"c{each}" for each in cloud], dtype=object),
        "brand": np.array([f"b{each}" for each in random.integers(5, size=ITEMS)], dtype=object),
        "empty": np.full(ITEMS, "", dtype=object),
    }
    for each in values.values():
        each[-GAPS:] = ""
    return inputs, values, np.array([f"text {row}" for row in range(ITEMS)], dtype=object)


@pytest.fixture(scope="module")
def model(shop: tuple) -> AttributeModel:
    found = AttributeModel.fit(*shop, TrainingSettings(epochs=10, precision=0.95))
    assert found is not None
    return found


def test_what_follows_from_the_inputs_is_answered_and_the_rest_is_not(shop: tuple, model: AttributeModel) -> None:
    inputs, _, _ = shop
    answers = model.ask(inputs[-GAPS:])
    assert set(answers) == {"category", "brand"}
    truth = np.array([f"c{each}" for each in inputs[-GAPS:].argmax(axis=1)])
    given = answers["category"].is_given
    assert given.mean() > 0.5
    assert (answers["category"].values[given] == truth[given]).mean() > 0.9
    assert model.thresholds["brand"] == NEVER
    assert not answers["brand"].is_given.any()
    assert (model.held_out["brand"].answered, model.held_out["brand"].right) == (0.0, None)
    right = model.held_out["category"].right
    assert right is not None
    assert right >= 0.95


def test_probabilities_are_calibrated(shop: tuple, model: AttributeModel) -> None:
    inputs, values, texts = shop
    held_out = held_out_texts(texts, 0.2, 7) & (values["brand"] != "")
    answers = model.ask(inputs[held_out])
    for name in ("category", "brand"):
        is_right = answers[name].values == values[name][held_out]
        # Platt's targets are a little off 0 and 1.
        assert answers[name].probabilities.mean() == pytest.approx(is_right.mean(), abs=0.02)


def test_items_of_one_text_are_on_one_side() -> None:
    texts = np.array(["a", "b", "a", "", ""] * 40, dtype=object)
    held_out = held_out_texts(texts, 0.5, 1)
    assert len(set(held_out[texts == "a"])) == len(set(held_out[texts == "b"])) == 1
    assert set(held_out[texts == ""]) == {False, True}


@pytest.mark.slow
def test_an_equal_seed_gives_equal_answers(shop: tuple, model: AttributeModel) -> None:
    inputs, values, texts = shop
    again = AttributeModel.fit(inputs, values, texts, TrainingSettings(epochs=10, precision=0.95))
    assert again is not None
    first, second = (each.ask(inputs[:50])["category"].probabilities for each in (model, again))
    np.testing.assert_allclose(first, second, rtol=1e-5)


def test_no_attribute_with_two_values(shop: tuple) -> None:
    inputs, values, texts = shop
    one = {"category": np.full(ITEMS, "only", dtype=object), "empty": values["empty"]}
    assert AttributeModel.fit(inputs, one, texts) is None


def test_the_head_survives_the_disk(tmp_path: Path, model: AttributeModel, shop: tuple) -> None:
    model.head.save(tmp_path / "head.keras")
    loaded = keras.saving.load_model(tmp_path / "head.keras")
    for name, logits in model.head(shop[0][:9]).items():
        np.testing.assert_array_equal(loaded(shop[0][:9])[name], logits)


@pytest.mark.parametrize(
    ("counts", "message"),
    [({}, "class_counts: no attribute"), ({"a": 1}, "class_counts: a has 1 classes, at least 2 are needed")],
)
def test_a_head_without_a_choice_is_refused(counts: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        AttributeHead(counts)
