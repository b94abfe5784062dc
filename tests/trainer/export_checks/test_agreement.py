import numpy as np
import pytest

from trainer.export_checks.agreement import Agreement
from trainer.export_checks.errors import ExportCheckError

EXPECTED = {
    "scores": np.linspace(0, 1, 200, dtype=np.float32).reshape(20, 10),
    "item_ids": np.array([[b"a"] * 10] * 20, dtype=object),
    "request_id": np.array([b"x"] * 20, dtype=object),
}


def changed(name: str, count: int, value: object) -> dict[str, np.ndarray]:
    values = EXPECTED[name].copy()
    values.reshape(-1)[:count] = value
    return EXPECTED | {name: values}


@pytest.mark.parametrize(
    "found",
    [
        EXPECTED,
        changed("scores", 2, 9.0),
        changed("item_ids", 2, b"b"),
        changed("request_id", 20, b"y"),
        EXPECTED | {"scores": EXPECTED["scores"] + np.float32(5e-5)},
    ],
)
def test_what_rounding_may_do_passes(found: dict[str, np.ndarray]) -> None:
    agreement = Agreement()
    agreement.add("recommend", EXPECTED, found)
    agreement.check()


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (changed("scores", 3, 9.0), "scores: 3 of 200 values are not what they were before saving"),
        (changed("scores", 3, np.nan), "scores: 3 of 200 values are not what they were before saving"),
        (changed("item_ids", 3, b"b"), "item_ids: 3 of 200 values are not what they were before saving"),
    ],
)
def test_what_differs_is_named(found: dict[str, np.ndarray], reason: str) -> None:
    agreement = Agreement()
    agreement.add("recommend", EXPECTED, found)
    with pytest.raises(ExportCheckError, match=f"^signature recommend: {reason}$"):
        agreement.check()


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"scores": EXPECTED["scores"]}, "the outputs differ by item_ids, request_id"),
        (EXPECTED | {"k": EXPECTED["scores"]}, "the outputs differ by k"),
        (
            EXPECTED | {"scores": EXPECTED["scores"][:, :9]},
            r"scores is float32\[20, 9\] after loading, float32\[20, 10\] before saving",
        ),
        (
            EXPECTED | {"scores": EXPECTED["scores"].astype(np.float64)},
            r"scores is float64\[20, 10\] after loading, float32\[20, 10\] before saving",
        ),
    ],
)
def test_other_outputs_are_named(found: dict[str, np.ndarray], reason: str) -> None:
    with pytest.raises(ExportCheckError, match=f"^signature recommend: {reason}$"):
        Agreement().add("recommend", EXPECTED, found)
