from pathlib import Path

import pytest

from tfx_pipeline.benchmarks.evaluate import evaluate_figures


@pytest.mark.timeout(600)
def test_a_small_shop_gives_every_figure(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow_recommenders")
    (tmp_path / "tools").mkdir()
    figures = {figure.name: figure for figure in evaluate_figures(tmp_path / "data", users=40, items=2_000, repeats=1)}
    assert figures["all metrics, 40 users x 2,000 items, 1,000 bootstrap rounds"].met
    assert figures["largest difference of these hit rates"].met
    assert any("FactorizedTopK" in name and (figure.value or 0) > 0 for name, figure in figures.items())
    missing = figures["largest difference to score.py over HR, Recall, NDCG, MRR"]
    assert (missing.value, missing.met) == (None, False)
    assert missing.how == f"not measured: {tmp_path / 'tools' / 'score.py'} is not there"


YARDSTICK = Path(__file__).resolve().parents[4] / "shared" / "tools" / "score.py"


@pytest.mark.skipif(not YARDSTICK.exists(), reason=f"{YARDSTICK} is absent")
def test_the_yardstick_agrees() -> None:
    figures = list(evaluate_figures(YARDSTICK.parents[1] / "data", users=40, items=500, repeats=1))
    assert figures[-1].met and figures[-1].value is not None and figures[-1].value < 1e-12
