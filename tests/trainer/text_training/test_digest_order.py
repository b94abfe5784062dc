import numpy as np

from trainer.text_training.digest_order import digest_shares


def test_a_text_has_its_number_whatever_else_there_is() -> None:
    texts = [f"query {number}" for number in range(2000)]
    shares = digest_shares(texts)
    np.testing.assert_array_equal(digest_shares(texts[::-1]), shares[::-1])
    assert digest_shares([]).shape == (0,)
    # Uniform, up to chance: the standard error of the share below a tenth is .007.
    assert ((shares >= 0) & (shares < 1)).all()
    assert abs((shares < 0.1).mean() - 0.1) < 0.03
    assert abs(shares.mean() - 0.5) < 0.03


def test_a_broken_character_is_no_error() -> None:
    assert digest_shares(["\ud83e"]).shape == (1,)
