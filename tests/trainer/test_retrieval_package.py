import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer.retrieval_package import RetrievalPackage

ROOT = Path(__file__).resolve().parents[2]
HISTORY = np.array([[0, 3, 6, -1], [11, -1, -1, -1], [-1, -1, -1, -1], [12, 2, 2, 1]])


@pytest.fixture(scope="module")
def folder(package: RetrievalPackage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "new" / "package"
    package.save(folder)
    return folder


@pytest.fixture(scope="module")
def loaded(folder: Path) -> RetrievalPackage:
    return RetrievalPackage.load(folder)


def batch(history: np.ndarray) -> dict[str, np.ndarray]:
    """Four users with a history each, its events two days apart."""
    return {
        "users": np.arange(4),
        "history": history,
        "visible": (history >= 0)[:, None, :],
        "event_types": np.minimum(history, 1),
        "days": np.arange(0, 8, 2, dtype=np.float32) * np.ones((4, 1), np.float32),
        "target_days": np.full((4, 1), 9, np.float32),
    }


def queries(package: RetrievalPackage) -> np.ndarray:
    return package.towers.predict_on_batch(batch(HISTORY))


MOMENTS = ("at_ranker_start", "at_training_end")
PARTS = ("catalogue", "users", "reducer", *MOMENTS, *(f"neighbours_{moment}" for moment in MOMENTS))


@pytest.mark.parametrize("part", PARTS)
def test_every_part_comes_back(package: RetrievalPackage, loaded: RetrievalPackage, part: str) -> None:
    ours, theirs = (vars(getattr(each, part)) for each in (package, loaded))
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert type(theirs[name]) is type(value)
        np.testing.assert_array_equal(theirs[name], value)
        if isinstance(value, np.ndarray):
            assert theirs[name].dtype == value.dtype


def test_towers_come_back(package: RetrievalPackage, loaded: RetrievalPackage) -> None:
    np.testing.assert_array_equal(loaded.preferences(), package.preferences())
    np.testing.assert_array_equal(queries(loaded), queries(package))


def test_what_was_counted_is_of_its_moment(package: RetrievalPackage) -> None:
    assert package.counted(True) == (package.at_training_end, package.neighbours_at_training_end)
    assert package.counted(False) == (package.at_ranker_start, package.neighbours_at_ranker_start)


def test_preferences_do_not_depend_on_the_batch(package: RetrievalPackage) -> None:
    assert package.preferences().shape == (13, 8)
    np.testing.assert_allclose(package.preferences(batch=5), package.preferences(), atol=1e-6)


READER = """
import sys
from pathlib import Path
import numpy as np
from trainer.retrieval_package import RetrievalPackage
package = RetrievalPackage.load(Path(sys.argv[1]))
with np.load(sys.argv[2]) as batch:
    queries = package.towers.predict_on_batch(dict(batch))
np.savez(sys.argv[3], queries=queries, preferences=package.preferences())
"""


def test_a_fresh_process_gives_the_same_vectors(package: RetrievalPackage, folder: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "batch.npz", **batch(HISTORY))
    arguments: list[Any] = [folder, tmp_path / "batch.npz", tmp_path / "vectors.npz"]
    subprocess.run([sys.executable, "-c", READER, *map(str, arguments)], check=True, cwd=ROOT, timeout=120)
    with np.load(tmp_path / "vectors.npz") as vectors:
        np.testing.assert_allclose(vectors["queries"], queries(package), atol=1e-6)
        np.testing.assert_allclose(vectors["preferences"], package.preferences(), atol=1e-6)
