import keras
import numpy as np
import pytest

from trainer.towers import IdDropout, ItemTower, QueryTower, unit

USERS, DIMENSION = 4, 6


@pytest.fixture(scope="module")
def query_tower() -> QueryTower:
    keras.utils.set_random_seed(0)
    tower = QueryTower(USERS, DIMENSION, id_dropout=0.5)
    tower.build((None,), (None, None, 9), (None, None, None))
    return tower


@pytest.fixture(scope="module")
def item_tower() -> ItemTower:
    keras.utils.set_random_seed(0)
    tower = ItemTower((3, 5), 4, DIMENSION)
    tower.build((None, DIMENSION), (None, 2), (None,), (None, 2), (None, 3))
    return tower


@pytest.fixture(scope="module")
def views() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    visible = np.tril(np.ones((5, 5), bool), -1)[None].repeat(USERS + 1, axis=0)
    return np.arange(USERS + 1), random.normal(size=(USERS + 1, 5, 9)).astype(np.float32), visible


@pytest.fixture(scope="module")
def items() -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(0)
    categories = np.stack([random.integers(0, size, 7) for size in (3, 5)], axis=1)
    floats = (random.normal(size=(7, width)).astype(np.float32) for width in (DIMENSION, 2, 3))
    ids, prices, texts = floats
    return ids, categories, random.integers(0, 4, 7), prices, texts


def test_unit_keeps_direction_and_zeros() -> None:
    np.testing.assert_allclose(unit(np.array([[3.0, 4.0], [0.0, 0.0]])), [[0.6, 0.8], [0, 0]], atol=1e-6)


def test_queries_have_unit_length(query_tower: QueryTower, views: tuple) -> None:
    vectors = query_tower(*views).numpy()
    assert vectors.shape == (USERS + 1, 5, DIMENSION)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1, atol=1e-5)


def test_items_have_unit_length(item_tower: ItemTower, items: tuple) -> None:
    vectors = item_tower(*items).numpy()
    assert vectors.shape == (7, DIMENSION)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("part", range(5))
def test_every_part_of_an_item_counts(item_tower: ItemTower, items: tuple, part: int) -> None:
    changed = list(items)
    changed[part] = np.zeros_like(items[part]) if part in (0, 3, 4) else (items[part] + 1) % 3
    difference = np.abs(item_tower(*changed).numpy() - item_tower(*items).numpy()).max(axis=1)
    assert (difference > 1e-4).all()


def test_the_user_and_the_past_count(query_tower: QueryTower, views: tuple) -> None:
    users, past, visible = views
    stranger = query_tower(np.full_like(users, USERS), past, visible).numpy()
    known = query_tower(users, past, visible).numpy()
    np.testing.assert_allclose(stranger[-1], known[-1], atol=1e-6)
    assert np.abs(stranger[:-1] - known[:-1]).max(axis=-1).min() > 1e-4
    np.testing.assert_allclose(query_tower(users, -past, visible).numpy()[:, 0], known[:, 0], atol=1e-6)
    assert np.abs(query_tower(users, -past, visible).numpy()[:, 1:] - known[:, 1:]).max(axis=-1).min() > 1e-4


def test_dropout_hides_its_share_of_ids_in_training_only() -> None:
    rows = np.arange(20_000) % 50
    dropout = IdDropout(unknown=50, rate=0.3)
    np.testing.assert_array_equal(dropout(rows), rows)
    np.testing.assert_array_equal(IdDropout(unknown=50, rate=0.0)(rows, training=True), rows)
    hidden = dropout(rows, training=True).numpy()
    assert set(hidden[hidden != rows]) == {50}
    # Four standard deviations of the share are 0.013.
    assert (hidden == 50).mean() == pytest.approx(0.3, abs=0.013)


@pytest.mark.parametrize("kind", ["query_tower", "item_tower"])
def test_config_round_trip(kind: str, request: pytest.FixtureRequest) -> None:
    tower = request.getfixturevalue(kind)
    again = type(tower).from_config(tower.get_config())
    assert again.get_config() == tower.get_config()


def test_dropout_config_round_trip() -> None:
    dropout = IdDropout(5, 0.25, seed=3)
    again = IdDropout.from_config(dropout.get_config())
    assert (again.unknown, again.rate, again.seed) == (5, 0.25, 3)
