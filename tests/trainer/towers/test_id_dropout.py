import numpy as np
import pytest

from trainer.towers import IdDropout


def test_dropout_hides_its_share_of_ids_in_training_only() -> None:
    rows = np.arange(20_000) % 50
    dropout = IdDropout(unknown=50, rate=0.3)
    np.testing.assert_array_equal(dropout(rows), rows)
    np.testing.assert_array_equal(IdDropout(unknown=50, rate=0.0)(rows, training=True), rows)
    hidden = dropout(rows, training=True).numpy()
    assert set(hidden[hidden != rows]) == {50}
    # Four standard deviations of the share are 0.013.
    assert (hidden == 50).mean() == pytest.approx(0.3, abs=0.013)


def test_config_round_trip() -> None:
    dropout = IdDropout(5, 0.25, seed=3)
    again = IdDropout.from_config(dropout.get_config())
    assert (again.unknown, again.rate, again.seed) == (5, 0.25, 3)


@pytest.mark.parametrize("rate", [-0.1, 1.5])
def test_a_rate_that_is_no_share_is_named(rate: float) -> None:
    with pytest.raises(ValueError, match=rf"^rate: between 0 and 1, not {rate}$"):
        IdDropout(5, rate)
