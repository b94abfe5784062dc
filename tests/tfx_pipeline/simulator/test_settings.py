import pytest

from tfx_pipeline.simulator.settings import SimulatorSettings


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("users", 0, "users: must be positive, got 0"),
        ("items", -1, "items: must be positive, got -1"),
        ("new_items", -1, "new_items: must not be negative, got -1"),
        ("view_noise", -0.1, "view_noise: must not be negative, got -0.1"),
        ("click_logit", float("nan"), "click_logit: must be finite, got nan"),
        ("taste_drift", float("inf"), "taste_drift: must be finite, got inf"),
    ],
)
def test_a_wrong_setting_is_named(field: str, value: float, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        SimulatorSettings(**{field: value})


def test_later_items_count() -> None:
    assert SimulatorSettings(items=3, new_items=4).catalogue_size == 7
