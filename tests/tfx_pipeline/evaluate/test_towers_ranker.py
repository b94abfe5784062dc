from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from tfx_pipeline.evaluate.load_models import load_models
from tfx_pipeline.evaluate.model_items import items_of_model, users_of_towers
from tfx_pipeline.evaluate.model_source import ModelSource
from tfx_pipeline.evaluate.towers_ranker import TowersRanker
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from trainer.catalogue import Catalogue
from trainer.history import RecencyMean
from trainer.item_statistics import ItemStatistics
from trainer.item_tables import ItemFeatures, ItemTables
from trainer.item_texts import PLAIN_FUSION
from trainer.item_to_item.neighbours import Neighbours
from trainer.losses import SampledSoftmax
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_package import RetrievalPackage
from trainer.text_reducer import TextReducer
from trainer.towers import ItemTower, QueryTower
from trainer.user_store import UserStore

ITEMS, USERS, LENGTH = 12, 3, 4
# The catalogue of the data has another order, lacks item 11, and has an item that the towers do not know.
ITEM_IDS = np.array(["new", *(f"i{row}" for row in reversed(range(11)))], dtype=object)
CASES = EvaluationCases.from_lists(["u1", "stranger"], [[0, 3, 4, 5, 6, 7], [2]], [[1], [2]], item_count=len(ITEM_IDS))
USER_IDS = ["u0", "u1", "u2"]


@pytest.fixture(scope="module")
def package() -> RetrievalPackage:
    """Towers with random weights that see how old events are."""
    rows = np.arange(ITEMS + 1)
    random = np.random.default_rng(0)
    numbers = random.normal(size=ITEMS + 1).astype(np.float32)
    ids = np.array([f"i{row}" for row in range(ITEMS)], dtype=object)
    categories = np.tile((rows % 3).astype(np.int32)[:, None], (1, 3))
    brands = (rows % 2).astype(np.int32)
    catalogue = Catalogue(ids, ids, ids, categories, brands, numbers, np.ones_like(numbers), (4, 4, 4), 3)
    keras.utils.set_random_seed(1)
    known = ItemFeatures.of_catalogue(catalogue, random.normal(size=(ITEMS + 1, 5)).astype(np.float32))
    towers = TwoTowerModel(
        QueryTower(USERS, 8, RecencyMean([4.0], [20.0]), use_time=True),
        ItemTower(8, (4, 4, 4), 3, price=True, text_dimension=5),
        SampledSoftmax(),
        ItemTables(ITEMS, known.widths),
        dimension=8,
        user_count=USERS,
    )
    towers.set_items(known, np.ones(ITEMS + 1))
    towers.set_trained_users(np.arange(USERS))
    stored = np.full((USERS + 1, LENGTH), -1, np.int32)
    users = UserStore(stored, stored, stored.astype(np.float32))
    statistics = ItemStatistics(*(np.zeros(ITEMS + 1, np.float32) for _ in ItemStatistics.__dataclass_fields__))
    reducer = TextReducer(np.zeros(6, np.float32), np.zeros((6, 5), np.float32))
    neighbours = Neighbours(np.full((ITEMS, 1), -1, np.int32), np.zeros((ITEMS, 1), np.float32))
    parts = (statistics, statistics, neighbours, neighbours, reducer, PLAIN_FUSION)
    return RetrievalPackage(towers, catalogue, users, *parts)


@pytest.fixture(scope="module")
def folder(package: RetrievalPackage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a run would put it."""
    folder = tmp_path_factory.mktemp("run") / "tfx" / "TowerTrainer" / "model" / "12" / "Format-Serving"
    package.save(folder)
    return folder


def expected(
    package: RetrievalPackage, user: int, history: list[int], ages: list[float] | None = None
) -> tuple[list[str], np.ndarray]:
    """Ids and dot products of the items that the data has, best first, from the towers' own rows.

    Without ages all events are of now.
    """
    table, days = np.full((1, LENGTH), -1), np.zeros((1, LENGTH), np.float32)
    table[0, : len(history)] = history
    days[0, : len(history)] = [100 - age for age in ages or [0] * len(history)]
    visible, now = (table >= 0)[:, None, :], np.full((1, 1), 100, np.float32)
    batch = {"users": np.array([user]), "history": table, "visible": visible, "days": days, "target_days": now}
    query = package.towers.predict_on_batch(batch)[0, 0]
    scores = package.preferences()[:11] @ query
    order = np.argsort(-scores)
    return [f"i{row}" for row in order], scores[order]


def test_all_items_by_their_dot_product(package: RetrievalPackage, folder: Path) -> None:
    ranked = TowersRanker(folder, ITEM_IDS, USER_IDS)(CASES, 12, False)
    # Row 0 is unknown to the towers, and of the others the last four are seen: rows 4 to 7 are items 7 to 4.
    for case, (user, history) in enumerate([(1, [7, 6, 5, 4]), (USERS, [9])]):
        ids, scores = expected(package, user, history)
        assert ITEM_IDS[ranked.items[case, :11]].tolist() == ids
        np.testing.assert_allclose(ranked.scores[case, :11], scores, atol=1e-5)  # type: ignore[index]
        assert ranked.items[case, 11] == -1


def test_the_ages_of_the_cases_reach_the_towers(package: RetrievalPackage, folder: Path) -> None:
    days = np.array([90, 80, 70.5, 6, 4, 0.5, 33], np.float32)
    aged = replace(CASES, ages=Ragged(days, CASES.history.offsets))
    ranker = TowersRanker(folder, ITEM_IDS, USER_IDS)
    ranked = ranker(aged, 11, False)
    # The first event is of an item that the towers do not know, and its age goes with it.
    for case, (user, history, ages) in enumerate([(1, [7, 6, 5, 4], [70.5, 6, 4, 0.5]), (USERS, [9], [33])]):
        ids, scores = expected(package, user, history, ages)
        assert ITEM_IDS[ranked.items[case]].tolist() == ids
        np.testing.assert_allclose(ranked.scores[case], scores, atol=1e-5)  # type: ignore[index]
    assert np.abs(ranker.queries(aged) - ranker.queries(CASES)).max(axis=1).min() > 1e-4


def test_known_items_are_left_out(package: RetrievalPackage, folder: Path) -> None:
    ranked = TowersRanker(folder, ITEM_IDS, USER_IDS)(CASES, 5, True)
    ids, _ = expected(package, 1, [7, 6, 5, 4])
    known = set(ITEM_IDS[CASES.history_of(0)])
    assert ITEM_IDS[ranked.items[0]].tolist() == [item for item in ids if item not in known][:5]


def test_without_the_run_users_are_strangers(package: RetrievalPackage, folder: Path) -> None:
    ranked = TowersRanker(folder, ITEM_IDS, None)(CASES, 11, False)
    assert ITEM_IDS[ranked.items[0]].tolist() == expected(package, USERS, [7, 6, 5, 4])[0]


def test_users_come_from_the_vocabulary_of_the_run(folder: Path, record_run) -> None:  # type: ignore[no-untyped-def]
    run_dir = folder.parents[4]
    assert users_of_towers(folder) is None
    graph = run_dir / "tfx" / "Transform" / "transform_graph" / "9"
    vocabulary = graph / "transform_fn" / "assets" / "user_id"
    vocabulary.parent.mkdir(parents=True)
    vocabulary.write_text("\n".join(USER_IDS) + "\n")
    record_run(run_dir, {"TowerTrainer": {"model": folder.parent}, "Transform": {"transform_graph": graph}})
    assert users_of_towers(folder) == USER_IDS
    vocabulary.write_text("u0\n")
    assert users_of_towers(folder) is None


def test_a_package_names_its_items_and_says_what_it_lacks(folder: Path, tmp_path: Path) -> None:
    source = ModelSource(str(folder), "Keras towers", str(folder), "towers")
    assert items_of_model(source).to_pylist() == [f"i{row}" for row in range(ITEMS)]
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    from tfx_pipeline.evaluate.evaluation_data import EvaluationData

    data = EvaluationData("data", "cases", ITEM_IDS, CASES, np.array([], dtype=object), 512)
    with ExitStack() as stack:
        [model] = load_models([ModelSource("x", "Keras towers", str(tmp_path), "towers")], data, {}, stack)
    assert model.notes() == [
        "towers: the run that trained the towers is not around, so all users are strangers to them"
    ]
