import numpy as np
import pytest

from trainer.losses import Embed, MixedNegatives

EMPTY = np.zeros((1, 4), np.float32)


def draw(source: MixedNegatives, embed: Embed):
    return source(EMPTY, None, None, embed=embed)


@pytest.mark.parametrize("uniform_share", [0.0, 0.3, 1.0])
def test_rows_are_drawn_from_the_mixture(shares: np.ndarray, embed: Embed, uniform_share: float) -> None:
    count = 40_000
    source = MixedNegatives(12, count, uniform_share, seed=3)
    source.set_shares(shares)
    found = draw(source, embed)
    expected = uniform_share / 12 + (1 - uniform_share) * shares[:12] / shares[:12].sum()
    observed = np.bincount(np.asarray(found.rows), minlength=12) / count
    # Six standard deviations of a binomial share.
    assert np.all(np.abs(observed - expected) <= 6 * np.sqrt(expected * (1 - expected) / count))
    with np.errstate(divide="ignore"):
        log_probability = np.asarray(source.log_probability(np.log(shares[:12]).astype(np.float32)))
    np.testing.assert_allclose(np.exp(log_probability), expected, rtol=1e-5)


def test_draws_come_with_their_vectors_and_training_shares(
    shares: np.ndarray, embed: Embed, item_vectors: np.ndarray
) -> None:
    source = MixedNegatives(12, 300, 0.5)
    source.set_shares(shares)
    found = draw(source, embed)
    rows = np.asarray(found.rows)
    np.testing.assert_array_equal(found.vectors, item_vectors[rows])
    np.testing.assert_allclose(np.exp(found.log_q), np.maximum(shares[rows], 1e-12), rtol=1e-5)
    assert 11 in rows


def test_each_batch_draws_anew_and_a_seed_repeats_the_draws(embed: Embed) -> None:
    first, second = (MixedNegatives(12, 30, seed=5) for _ in range(2))
    batches = [np.asarray(draw(first, embed).rows).tolist() for _ in range(2)]
    assert batches[0] != batches[1]
    assert batches == [np.asarray(draw(second, embed).rows).tolist() for _ in range(2)]


def test_rare_items_of_a_large_catalogue_are_drawn() -> None:
    count, items = 50_000, 2_000_000
    source = MixedNegatives(items, count, 0.0)
    source.set_shares(np.append(np.where(np.arange(items) < 10, 0.05, 0.5 / (items - 10)), 0))
    rows = np.asarray(source(EMPTY, None, None, embed=lambda rows: rows[:, None]).rows)
    rare = np.sort(rows[rows >= 10])
    assert len(rare) / count == pytest.approx(0.5, abs=0.02)
    # Uniform over the rare: quantiles on the diagonal.
    assert np.abs(np.quantile(rare / items, [0.25, 0.5, 0.75]) - [0.25, 0.5, 0.75]).max() < 0.02


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"item_count": 0, "count": 1}, "item_count must be at least 1, got 0"),
        ({"item_count": 3, "count": 0}, "count must be at least 1, got 0"),
        ({"item_count": 3, "count": 1, "uniform_share": 1.5}, "uniform_share must lie between 0 and 1, got 1.5"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        MixedNegatives(**arguments)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.5, 0.5], r"shares must have shape \(3,\), got \(2,\)"),
        ([1.5, -0.5, 0], r"shares must be at least 0, .* got a least of -0.5 and a sum of 1.0"),
        ([0.5, 0.2, 0.1], r"shares must be at least 0, .* got a least of 0.1 and a sum of 0.79+\d*"),
        (
            [0, 0, 1],
            r"shares must be at least 0, .* not all be the unknown item's, got a least of 0.0 and a sum of 1.0",
        ),
    ],
)
def test_bad_shares_are_refused(values: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        MixedNegatives(2, 1).set_shares(np.array(values))
