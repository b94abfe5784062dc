"""What of a search for hyperparameters makes sense, and what the stages of the pipeline are told of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.config import (
    Config,
    ConfigError,
    RankerConfig,
    RetrievalConfig,
    load_config,
    parse_config,
    save_config,
)
from tfx_pipeline.table_config import Section
from tfx_pipeline.tuning_config import DEFAULT_SPACES, SEARCHABLE, TuningConfig, search_options, search_space
from trainer.tuning.search_settings import TUNING, SearchSettings

SECTIONS: dict[str, type[Section]] = {"retrieval": RetrievalConfig, "ranker": RankerConfig}


def document(tuning: dict[str, Any], **sections: Any) -> dict[str, Any]:
    data = {name: {"path": f"{name}.csv"} for name in ("events", "items")}
    objectives = {"purchase": {"event_types": ["purchase"]}}
    return {"run_dir": "run", "data": data, "objectives": objectives, "tuning": tuning, **sections}


@pytest.mark.parametrize(
    ("tuning", "message"),
    [
        ({"stages": ["towers", "towers"]}, "stages names one twice: towers, towers"),
        ({"stages": ["bandit"]}, "Input should be 'towers' or 'ranker'"),
        ({"trials": 0}, "Input should be greater than or equal to 1"),
        ({"seconds": 0}, "Input should be greater than 0"),
        ({"algorithm": "grid"}, "Input should be 'random', 'bayesian' or 'hyperband'"),
        ({"space": {"ranker.retrieved": {"min": 1, "max": 9}}}, "space.ranker.retrieved is not one of ranker.hidden, "),
        ({"space": {"dimension": {"min": 1, "max": 9}}}, "space.dimension is not one of retrieval.dimension, "),
        ({"space": {"ranker.crosses": {}}}, "give either choices, or both min and max"),
        ({"space": {"ranker.crosses": {"choices": [1], "max": 2}}}, "give either choices, or both min and max"),
        ({"space": {"ranker.crosses": {"min": 2, "max": 2}}}, "min is 2, not below max, which is 2"),
        ({"space": {"ranker.crosses": {"min": 0, "max": 2, "log": True}}}, "log needs a min above 0"),
        ({"space": {"retrieval.dimension": {"choices": [8, 2]}}}, "tuning.space.retrieval.dimension: 2: Input should"),
        ({"space": {"retrieval.id_dropout": {"min": 0.5, "max": 2}}}, "tuning.space.retrieval.id_dropout: 2.0: Input"),
        ({"space": {"retrieval.dimension": {"min": 4.5, "max": 9}}}, "tuning.space.retrieval.dimension: 4.5: Input"),
        (
            {"space": {"ranker.hidden": {"min": 1, "max": 2}}},
            r"tuning.space.ranker.hidden: \[128, 64, 32\] is no number",
        ),
        ({"space": {"retrieval.repeats": {"choices": [True]}}}, "space.retrieval.repeats is not one of"),
        (
            {"space": {"ranker.pairwise_weight": {"min": 0.1, "max": 1, "log": True}}},
            "tuning.space.ranker.pairwise_weight: log needs a configured value above 0, it is 0.0",
        ),
        (
            {"space": {"ranker.epochs": {"min": 1, "max": 3}}, "epochs_per_trial": 2},
            "space.ranker.epochs cannot be searched where epochs_per_trial is set",
        ),
        (
            {"space": {"ranker.epochs": {"min": 1, "max": 3}}, "algorithm": "hyperband"},
            "space.ranker.epochs cannot be searched where hyperband chooses the epochs",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_runs(tuning: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=rf"^shop.yaml: [\w. ]+: {message}") as raised:
        parse_config(document(tuning), "shop.yaml")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"training": {"start": "last_blessed"}}, "tuning.stages is .*, but training.start is last_blessed: tune in"),
        (
            {"training_privacy": {"noise_multiplier": 1.0}},
            "tuning.stages has towers, but each trial would spend privacy",
        ),
        (
            {"distribution": {"strategy": "multi_worker_mirrored", "shard_tables_above_mb": 500}},
            "tuning.stages has towers, whose trials run on one device, but distribution.shard_tables_above_mb",
        ),
    ],
)
def test_what_cannot_be_tuned_is_refused(sections: dict[str, Any], message: str) -> None:
    private = {"mixed_negatives": 8, "uniform_share": 1.0}
    with pytest.raises(ConfigError, match=message):
        parse_config(document({"stages": ["towers"]}, retrieval=private, **sections))
    parse_config(document({}, retrieval=private, **sections))


def test_what_is_turned_off_is_not_searched_by_default() -> None:
    config = parse_config(document({"stages": ["ranker"]}, ranker={"listwise_weight": 0}))
    names = [each.name for each in search_space(config.tuning, "ranker", config.ranker)]
    assert names == ["ranker.learning_rate", "ranker.hidden", "ranker.crosses"]


def test_every_name_is_a_field_and_every_default_space_is_in_range() -> None:
    for section, names in SEARCHABLE.items():
        assert set(names) <= set(SECTIONS[section].model_fields)
        assert set(DEFAULT_SPACES[section]) <= set(names)
        assert len(search_space(TuningConfig(), section, SECTIONS[section]())) == len(DEFAULT_SPACES[section])


def test_a_named_space_takes_the_place_of_the_default_one_of_its_section() -> None:
    space = {"retrieval.queue_negatives": {"min": 0, "max": 512}, "retrieval.decays_in_days": {"choices": [[7], []]}}
    config = parse_config(document({"stages": ["towers"], "space": space}))
    found = search_space(config.tuning, "retrieval", config.retrieval)
    assert [each.name for each in found] == list(space)
    assert (found[0].minimum, found[0].maximum, found[0].configured) == (0, 512, 0)
    assert found[1].choices == ([7.0], [])
    assert len(search_space(config.tuning, "ranker", config.ranker)) == len(DEFAULT_SPACES["ranker"])


def test_the_file_gives_the_same_search_back(tmp_path: Path) -> None:
    space = {"ranker.learning_rate": {"min": 1e-4, "max": 1e-2, "log": True}, "ranker.hidden": {"choices": [[4, 2]]}}
    config = parse_config(document({"stages": ["ranker"], "seconds": 90.5, "space": space}, run_dir=str(tmp_path)))
    save_config(config, tmp_path / "config.yaml")
    assert load_config(tmp_path / "config.yaml").tuning == config.tuning


def test_a_stage_is_told_all_of_its_search() -> None:
    tuning = TuningConfig(stages=["ranker"], algorithm="bayesian", trials=3, seconds=60, epochs_per_trial=2)
    told = SearchSettings.from_json(search_options(tuning, "ranker", RankerConfig(), Path("/shop/run"))[TUNING])
    assert (told.model, told.algorithm, told.trials, told.seconds, told.epochs) == ("ranker", "bayesian", 3, 60.0, 2)
    assert told.folder == "/shop/run/tfx/tuning"
    assert told.space == search_space(tuning, "ranker", RankerConfig())


@pytest.fixture(scope="module")
def nodes() -> dict[bool, dict[str, Any]]:
    """The stages of the pipeline by id, with and without tuning."""
    from tfx_pipeline.pipeline import create_pipeline

    plain, tuned = (parse_config(document({"stages": stages})) for stages in ([], ["towers", "ranker"]))
    return {
        config is tuned: {each.id: each for each in create_pipeline(config, "hash").components}
        for config in (plain, tuned)
    }


def _config(node: Any) -> dict[str, Any]:
    return dict(json.loads(node.exec_properties["custom_config"]))


def test_without_tuning_the_pipeline_is_as_it_was(nodes: dict[bool, dict[str, Any]]) -> None:
    assert set(nodes[True]) - set(nodes[False]) == {"TowerTuner", "RankerTuner"}
    for name, node in nodes[False].items():
        assert node.exec_properties == nodes[True][name].exec_properties, name
    assert "hyperparameters" not in nodes[False]["TowerTrainer"].inputs
    assert TUNING not in _config(nodes[False]["TowerTrainer"])


def test_each_training_takes_what_its_own_search_found(nodes: dict[bool, dict[str, Any]]) -> None:
    for model in ("Tower", "Ranker"):
        (channel,) = [nodes[True][f"{model}Trainer"].inputs["hyperparameters"]]
        assert channel.producer_component_id == f"{model}Tuner"


def test_a_search_is_told_of_no_window_behind_the_rankers(nodes: dict[bool, dict[str, Any]]) -> None:
    for name, splits in {"TowerTuner": ["train", "ranker", "catalogue"], "RankerTuner": ["ranker"]}.items():
        properties = nodes[True][name].exec_properties
        assert json.loads(properties["train_args"])["splits"] == splits
        assert json.loads(properties["eval_args"])["splits"] == ["ranker"]
        assert nodes[True][name].inputs["examples"].producer_component_id == "Transform"


def test_a_config_is_typed() -> None:
    assert Config.model_fields["tuning"].annotation is TuningConfig
