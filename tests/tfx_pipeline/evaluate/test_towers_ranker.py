from contextlib import ExitStack
from pathlib import Path

import keras
import numpy as np
import pytest

from tfx_pipeline.evaluate.load_models import load_models
from tfx_pipeline.evaluate.model_items import items_of_model, users_of_towers
from tfx_pipeline.evaluate.model_source import ModelSource
from tfx_pipeline.evaluate.towers_ranker import TowersRanker
from tfx_pipeline.evaluation.cases import EvaluationCases
from trainer.catalogue import Catalogue
from trainer.item_statistics import ItemStatistics
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_package import RetrievalPackage
from trainer.text_reducer import TextReducer
from trainer.user_store import UserStore

ITEMS, USERS, LENGTH = 12, 3, 4
# The catalogue of the data has another order, lacks item 11, and has an item that the towers do not know.
ITEM_IDS = np.array(["new", *(f"i{row}" for row in reversed(range(11)))], dtype=object)
CASES = EvaluationCases.from_lists(["u1", "stranger"], [[0, 3, 4, 5, 6, 7], [2]], [[1], [2]], item_count=len(ITEM_IDS))
USER_IDS = ["u0", "u1", "u2"]


@pytest.fixture(scope="module")
def package() -> RetrievalPackage:
    """Towers with random weights."""
    rows = np.arange(ITEMS + 1)
    random = np.random.default_rng(0)
    numbers = random.normal(size=ITEMS + 1).astype(np.float32)
    ids = np.array([f"i{row}" for row in range(ITEMS)], dtype=object)
    categories = np.tile((rows % 3).astype(np.int32)[:, None], (1, 3))
    brands = (rows % 2).astype(np.int32)
    catalogue = Catalogue(ids, ids, ids, categories, brands, numbers, np.ones_like(numbers), (4, 4, 4), 3)
    keras.utils.set_random_seed(1)
    towers = TwoTowerModel(USERS, ITEMS, (4, 4, 4), 3, 5, 8)
    towers.set_catalogue(catalogue, random.normal(size=(ITEMS + 1, 5)).astype(np.float32), np.ones(ITEMS + 1))
    towers.set_trained_users(np.arange(USERS))
    stored = np.full((USERS + 1, LENGTH), -1, np.int32)
    statistics = ItemStatistics(*(np.zeros(ITEMS + 1, np.float32) for _ in ItemStatistics.__dataclass_fields__))
    reducer = TextReducer(np.zeros(6, np.float32), np.zeros((6, 5), np.float32))
    return RetrievalPackage(towers, catalogue, UserStore(stored, stored), statistics, statistics, reducer)


@pytest.fixture(scope="module")
def folder(package: RetrievalPackage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a run would put it."""
    folder = tmp_path_factory.mktemp("run") / "tfx" / "TowerTrainer" / "model" / "12" / "Format-Serving"
    package.save(folder)
    return folder


def expected(package: RetrievalPackage, user: int, history: list[int]) -> tuple[list[str], np.ndarray]:
    """Ids and dot products of the items that the data has, best first, from the towers' own rows."""
    table = np.full((1, LENGTH), -1)
    table[0, : len(history)] = history
    query = package.towers.embed_queries(np.array([user]), table, (table >= 0)[:, None, :]).numpy()[0, 0]
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
