from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer.calibration.calibration import Calibration, CalibrationMap
from trainer.calibration.isotonic import fit_isotonic
from trainer.calibration.platt import Platt, fit_platt


@pytest.fixture(scope="module")
def maps() -> list[CalibrationMap | None]:
    random = np.random.default_rng(0)
    predicted = random.beta(0.5, 4, 5_000)
    labels = (random.random(5_000) < predicted**1.4).astype(float)
    return [fit_platt(predicted, labels), fit_isotonic(predicted, labels), None]


def test_the_graph_agrees_with_numpy(maps: list[CalibrationMap | None]) -> None:
    predicted = np.random.default_rng(1).random((4, 7, 3)).astype(np.float32)
    corrected = tf.function(Calibration(maps))(tf.constant(predicted)).numpy()
    for number, each in enumerate(maps):
        expected = predicted[..., number] if each is None else each(predicted[..., number])
        np.testing.assert_allclose(corrected[..., number], expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("number", [0, 1])
def test_the_order_of_close_probabilities_stays(maps: list[CalibrationMap | None], number: int) -> None:
    ordered = np.geomspace(1e-9, 0.95, 4_001).astype(np.float32)
    corrected = Calibration([maps[number]])(tf.constant(ordered[:, np.newaxis])).numpy()[:, 0]
    assert (np.diff(corrected) > 0).all()
    assert ((corrected >= 0) & (corrected <= 1)).all()


def test_neighbouring_floats_never_change_places(maps: list[CalibrationMap | None]) -> None:
    """Around every knot, where the pieces of the curve meet."""
    knots = maps[1].knots[1:-1].astype(np.float32)
    around = np.stack([np.nextafter(knots, np.float32(0)), knots, np.nextafter(knots, np.float32(1))], axis=1)
    corrected = Calibration([maps[1]])(tf.constant(around[:, :, np.newaxis])).numpy()[:, :, 0]
    assert (np.diff(corrected, axis=1) >= 0).all()


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_probabilities_at_the_ends_stay_finite(maps: list[CalibrationMap | None], kind: int) -> None:
    corrected = Calibration([maps[kind]])(tf.constant([[0.0], [1.0]])).numpy()[:, 0]
    assert np.isfinite(corrected).all()
    assert corrected[0] < 0.01
    assert corrected[1] > 0.9


def test_it_comes_back_from_disk(maps: list[CalibrationMap | None], tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    Calibration(maps).save(path)
    predicted = tf.constant(np.random.default_rng(2).random((5, 3)), tf.float32)
    np.testing.assert_array_equal(Calibration.load(path)(predicted), Calibration(maps)(predicted))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[3]",
        '[{"kind": "spline"}]',
        '[{"kind": "platt", "slope": -1, "intercept": 0}]',
        '[{"kind": "isotonic", "knots": [0, 0, 1], "levels": [0, 0.5, 1]}]',
        '[{"kind": "isotonic", "knots": [0, 1], "levels": [1, 0]}]',
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"^{path}: not a calibration: "):
        Calibration.load(path)


def test_none_changes_nothing() -> None:
    predicted = tf.constant([[0.1, 0.9], [0.5, 0.0]])
    np.testing.assert_array_equal(Calibration.none(2)(predicted), predicted)
    assert Calibration([Platt(2.0, 0.0)])(tf.constant([[0.5]])).numpy()[0, 0] == pytest.approx(0.5)
