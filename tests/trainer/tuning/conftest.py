"""A search of a made-up objective with KerasTuner itself."""

from pathlib import Path
from typing import Any

import pytest

from tests.trainer.tuning.made_up_search import EPOCHS, SPACE, MakeSearch, slope
from trainer.tuning.search_settings import SearchSettings
from trainer.tuning.search_tuner import HeldOut, Score, SearchTuner, search_result


@pytest.fixture
def make_search(tmp_path: Path) -> MakeSearch:
    """A function that makes a search, or goes on with the one of the same name."""

    def make(score: Score = slope, seed: int = 7, depends_on: Any = "data", **changes: Any) -> SearchTuner:
        told = {"algorithm": "random", "trials": 6, "seconds": None, "space": SPACE, "folder": str(tmp_path)}
        settings = SearchSettings(**{"model": "towers", "epochs": None, **told, **changes})
        held_out = HeldOut("NDCG@10", "users", 12)
        tuner = search_result(settings, score, held_out, seed, EPOCHS, depends_on).tuner
        assert isinstance(tuner, SearchTuner)
        return tuner

    return make
