from dataclasses import asdict

from tfx_pipeline.benchmarks.bandit.regret_tuning import TUNING_SEED, VALUES, Settings, tune
from tfx_pipeline.benchmarks.bandit.simulated_shop import OUR_SETTINGS, PEERS, SEEDS


def test_settings_are_tuned_one_after_the_other() -> None:
    tried: list[Settings] = []

    def regret(settings: Settings) -> float:
        tried.append(settings)
        return (settings["a"] - 2) ** 2 + (settings["b"] - 5) ** 2

    assert tune(regret, {"a": 9, "b": 9}, {"a": (1, 2, 3), "b": (4, 5)}) == {"a": 2, "b": 5}
    assert tried[0] == {"a": 1, "b": 9} and tried[-1] == {"a": 2, "b": 5} and len(tried) == 5


def test_no_figure_is_measured_on_the_shop_of_the_tuning() -> None:
    assert TUNING_SEED not in SEEDS


def test_the_settings_in_use_were_tried() -> None:
    settings = {"thompson": asdict(OUR_SETTINGS), **{peer.learner: dict(peer.settings) for peer in PEERS}}
    for learner, values in VALUES.items():
        for setting, tried in values.items():
            assert settings[learner][setting] in tried
