from pathlib import Path

import numpy as np
import pytest

from tfx_pipeline.benchmarks.baseline_data.known_items import Searches
from tfx_pipeline.benchmarks.text.lexical_agreement import TARGET, agreement_figures, reciprocal_rank

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data"


def test_reciprocal_rank() -> None:
    asked = Searches(["a", "b", "c"], ["", "", ""], np.array([3, 5, 7]))
    assert reciprocal_rank(np.array([[3, 1], [1, 5], [1, 2]]), asked) == pytest.approx((1 + 1 / 2) / 3)


def test_absent_data_are_said() -> None:
    figures = list(agreement_figures(Path("nowhere")))
    assert [figure.met for figure in figures] == [False, False]
    assert figures[0].how == "not measured: nowhere/search_industrial/docs_industrial.csv.gz: no such file"


@pytest.mark.skipif(not SHARED.exists(), reason="needs the folder of real data")
def test_our_index_ranks_as_the_library_does() -> None:
    for figure in agreement_figures(SHARED):
        assert figure.met and (figure.value or 0) <= TARGET
