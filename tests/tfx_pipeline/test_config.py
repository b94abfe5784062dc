import copy
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from tfx_pipeline.config import BanditConfig, Config, ConfigError, load_config, parse_config, save_config
from trainer.bandit.settings import POLICIES

SHOP: dict[str, Any] = {
    "run_dir": "runs/shop",
    "data": {"events": {"path": "events.csv"}},
    "objectives": {"purchase": {"event_types": ["purchase"]}},
}


def with_field(field: str, value: Any) -> dict[str, Any]:
    """The document with one value at a dotted path; None takes the field away."""
    document = copy.deepcopy(SHOP)
    *sections, name = field.split(".")
    section = document
    for part in sections:
        section = section.setdefault(part, {})
    section[name] = value
    if value is None:
        del section[name]
    return document


def write(path: Path, document: Any) -> Path:
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document), encoding="utf-8")
    return path


def dates(ranker_start: str, eval_start: str, test_start: str) -> dict[str, str]:
    return {"ranker_start": ranker_start, "eval_start": eval_start, "test_start": test_start}


NOT_FINITE = "Input should be a finite number"
NOT_EMPTY = "List should have at least 1 item after validation, not 0"
NOT_A_BOOLEAN = "Input should be a valid boolean, unable to interpret input"
NO_POLICY = "Input should be 'greedy', 'epsilon_greedy', 'thompson', 'lin_ucb', 'square_cb' or 'plackett_luce'"
NOT_A_STRING = "Input should be a valid string"
NOT_AN_INTEGER = "Input should be a valid integer"
FILES_BELONG = "the whole file: split.method files and data.events.eval_path and test_path belong together"
ENCODERS = "Input should be 'recency_mean', 'gru' or 'causal_attention'"
VECTORS = "Input should be 'shared', 'separate' or 'tower'"
AT_LEAST_1 = "Input should be greater than or equal to 1"
ALL_DATES = "give all of ranker_start, eval_start and test_start, or none of them"
DATES_INCREASE = "ranker_start, eval_start and test_start must increase"


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("sed", 7, "sed: Extra inputs are not permitted"),
        ("retrieval.epoch", 3, "retrieval.epoch: Extra inputs are not permitted"),
        ("data.events.sep", ";", "data.events.sep: Extra inputs are not permitted"),
        ("run_dir", None, "run_dir: Field required"),
        ("data", None, "data: Field required"),
        ("data.events.path", None, "data.events: give either path or bigquery"),
        ("data.events", {"path": "a", "eval_path": "b", "test_path": "c"}, FILES_BELONG),
        ("split.method", "files", FILES_BELONG),
        ("split.method", "random", "split.method: Input should be 'time', 'files' or 'leave_last_out'"),
        ("history.ranker_cases", "basket", "history.ranker_cases: Input should be 'user' or 'event'"),
        ("objectives", None, "objectives: Field required"),
        ("objectives", {}, "objectives: Dictionary should have at least 1 item after validation, not 0"),
        (
            "objectives.utility",
            {"event_types": ["buy"]},
            "objectives: 'utility' is what the signature `rank` calls the weighted sum; take another name",
        ),
        ("objectives.click", {"event_types": []}, f"objectives.click.event_types: {NOT_EMPTY}"),
        ("objectives.purchase.weight", 0, "objectives.purchase.weight: Input should be greater than 0"),
        (
            "objectives.purchase.given",
            "click",
            "objectives: purchase.given: no objective is called 'click'; there are purchase",
        ),
        (
            "objectives.purchase.given",
            "purchase",
            "objectives: purchase.given: conditioned on itself: purchase -> purchase",
        ),
        ("ranker.attended_events", -1, "ranker.attended_events: Input should be greater than or equal to 0"),
        ("ranker.pairwise_weight", -0.1, "ranker.pairwise_weight: Input should be greater than or equal to 0"),
        ("seed", "seven", f"seed: {NOT_AN_INTEGER}, unable to parse string as an integer"),
        ("retrieval.epochs", 1.5, f"retrieval.epochs: {NOT_AN_INTEGER}, got a number with a fractional part"),
        ("retrieval.epochs", 0, "retrieval.epochs: Input should be greater than or equal to 1"),
        ("retrieval.learning_rate", float("inf"), f"retrieval.learning_rate: {NOT_FINITE}"),
        ("retrieval.learning_rate", float("nan"), f"retrieval.learning_rate: {NOT_FINITE}"),
        ("retrieval.id_dropout", 1.01, "retrieval.id_dropout: Input should be less than or equal to 1"),
        ("retrieval.repeats", "some", f"retrieval.repeats: {NOT_A_BOOLEAN}"),
        ("retrieval.softmax", "hinge", "retrieval.softmax: Input should be 'sampled' or 'full'"),
        ("retrieval.history_encoder", "lstm", f"retrieval.history_encoder: {ENCODERS}"),
        ("retrieval.history_vectors", "own", f"retrieval.history_vectors: {VECTORS}"),
        ("retrieval.decays_in_events", [], f"retrieval.decays_in_events: {NOT_EMPTY}"),
        ("retrieval.queue_negatives", -1, "retrieval.queue_negatives: Input should be greater than or equal to 0"),
        ("retrieval.mixed_negatives", -1, "retrieval.mixed_negatives: Input should be greater than or equal to 0"),
        ("retrieval.hard_negatives", -1, "retrieval.hard_negatives: Input should be greater than or equal to 0"),
        ("retrieval.uniform_share", -0.1, "retrieval.uniform_share: Input should be greater than or equal to 0"),
        ("retrieval.event_types", "some", f"retrieval.event_types: {NOT_A_BOOLEAN}"),
        ("retrieval.time_gaps", "some", f"retrieval.time_gaps: {NOT_A_BOOLEAN}"),
        ("retrieval.basket_positives", "some", f"retrieval.basket_positives: {NOT_A_BOOLEAN}"),
        ("retrieval.optimizer", "sgd", "retrieval.optimizer: Input should be 'lazy_adam' or 'adagrad'"),
        (
            "retrieval.precision",
            "float16",
            "retrieval.precision: Input should be 'float32', 'mixed_bfloat16' or 'auto'",
        ),
        ("retrieval.steps_per_execution", 0, f"retrieval.steps_per_execution: {AT_LEAST_1}"),
        ("retrieval.neighbours", 0, "retrieval.neighbours: Input should be greater than or equal to 1"),
        ("retrieval.neighbour_items", 0, "retrieval.neighbour_items: Input should be greater than or equal to 1"),
        ("retrieval.neighbour_regularisation", 0, "retrieval.neighbour_regularisation: Input should be greater than 0"),
        ("retrieval.neighbour_regularisation", float("inf"), f"retrieval.neighbour_regularisation: {NOT_FINITE}"),
        ("ranker.neighbours", -1, "ranker.neighbours: Input should be greater than or equal to 0"),
        ("ranker.from_history", -1, "ranker.from_history: Input should be greater than or equal to 0"),
        ("ranker.popular", -1, "ranker.popular: Input should be greater than or equal to 0"),
        ("ranker.retrieved", 0, "ranker.retrieved: Input should be greater than or equal to 1"),
        ("evaluation.minimum_lift_over_popular", float("nan"), f"evaluation.minimum_lift_over_popular: {NOT_FINITE}"),
        ("evaluation.cutoffs", [], f"evaluation.cutoffs: {NOT_EMPTY}"),
        ("evaluation.cutoffs", [10, 0], "evaluation.cutoffs.1: Input should be greater than or equal to 1"),
        ("ranker.hidden", [], f"ranker.hidden: {NOT_EMPTY}"),
        ("ranker.hidden", [64, 0], "ranker.hidden.1: Input should be greater than or equal to 1"),
        ("text.max_tokens", 513, "text.max_tokens: Input should be less than or equal to 512"),
        ("history.length", 0, "history.length: Input should be greater than or equal to 1"),
        ("data.max_bad_share", -0.1, "data.max_bad_share: Input should be greater than or equal to 0"),
        ("data.events.constants", {"event_type": 1}, f"data.events.constants.event_type: {NOT_A_STRING}"),
        ("bandit.policy", "ucb", f"bandit.policy: {NO_POLICY}"),
        ("split.shares", [0.8, 0.7, 0.9], "split: shares must increase"),
        ("split.shares", [0.7, 0.7, 0.9], "split: shares must increase"),
        ("split.shares", [0.7, 0.9], "split.shares.2: Field required"),
        ("split.shares", [0.7, 0.8, 1.9], "split.shares.2: Input should be less than or equal to 1"),
        ("split.ranker_start", "2017-10-01", f"split: {ALL_DATES}"),
        ("split", {"ranker_start": "2017-10-01", "test_start": "2017-12-01"}, f"split: {ALL_DATES}"),
        ("split", dates("2017-12-01", "2017-11-01", "2017-12-24"), f"split: {DATES_INCREASE}"),
        ("split", dates("2017-11-01", "2017-11-01", "2017-12-01"), f"split: {DATES_INCREASE}"),
        ("split", dates("2017-11-01T01:00:00+02:00", "2017-10-31T23:00:00Z", "2017-12-01"), f"split: {DATES_INCREASE}"),
        ("split.eval_start", "soon", "split.eval_start: Input should be a valid datetime or date, input is too short"),
    ],
)  # fmt: skip
def test_an_invalid_field_is_one_line_that_names_it(tmp_path: Path, field: str, value: Any, line: str) -> None:
    path = write(tmp_path / "shop.yaml", with_field(field, value))
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert str(error.value) == f"{path}: {line}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "a configuration is a mapping of sections, this is NoneType"),
        ("- run_dir", "a configuration is a mapping of sections, this is list"),
        ("shop", "a configuration is a mapping of sections, this is str"),
        ("1: 2", "run_dir: Field required"),
        ("run_dir: 2017-02-30", "not a YAML file: day is out of range for month"),
        ("a: [", "not a YAML file: while parsing a flow node expected the node content, but found '<stream end>' in "
                 '"<unicode string>", line 1, column 5: a: [ ^'),
    ],
    ids=["empty", "list", "word", "number as a key", "impossible date", "unclosed bracket"],
)  # fmt: skip
def test_an_invalid_file_is_one_line_that_names_it(tmp_path: Path, text: str, line: str) -> None:
    path = write(tmp_path / "shop.yaml", text)
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert str(error.value) == f"{path}: {line}"


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_bytes(b"run_dir: \xff\xfe")
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert str(error.value).startswith(f"{path}: not a YAML file: 'utf-8' codec can't decode byte 0xff in position 9")
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="^" + str(tmp_path / "none.yaml") + ": No such file or directory$"):
        load_config(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="^" + str(tmp_path) + ": Is a directory$"):
        load_config(tmp_path)


def test_a_mapping_names_its_source() -> None:
    with pytest.raises(ConfigError, match="^configuration: seed: Input should be a valid integer"):
        parse_config({**SHOP, "seed": []})
    with pytest.raises(ConfigError, match="^the demo: seed: Input should be a valid integer"):
        parse_config({**SHOP, "seed": []}, source="the demo")


def test_relative_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = copy.deepcopy(SHOP)
    document["run_dir"] = "../out"
    document["data"]["items"] = {"path": str(tmp_path / "elsewhere" / "items.csv")}
    document["data"]["users"] = {"path": ["../users-{SPAN}.csv", "gs://shop/users.csv"]}
    document["data"]["serving_log"] = {"path": "log"}
    document["text"] = {"checkpoint": "models/bert"}
    (tmp_path / "shop").mkdir()
    path = write(tmp_path / "shop" / "shop.yaml", document)
    monkeypatch.chdir(tmp_path / "shop")
    for given in (path, Path("shop.yaml"), Path("../shop/shop.yaml")):
        config = load_config(given)
        assert config.run_dir == tmp_path / "out"
        data = config.data
        assert data.events.path == str(tmp_path / "shop" / "events.csv")
        assert data.items is not None and data.items.path == str(tmp_path / "elsewhere" / "items.csv")
        assert data.users is not None and data.users.path == [str(tmp_path / "users-{SPAN}.csv"), "gs://shop/users.csv"]
        assert data.serving_log is not None and data.serving_log.path == str(tmp_path / "shop" / "log")
        assert config.text.checkpoint == tmp_path / "shop" / "models" / "bert"
        assert config.serving_dir == tmp_path / "out" / "serving" / "shoprank"


FULL: dict[str, Any] = {
    **SHOP,
    "data": {
        "events": {
            "path": "events.csv.gz",
            "columns": {"user_id": "who", "item_id": ["shop", "sku"]},
            "constants": {"event_type": "purchase"},
            "csv": {"delimiter": "::", "header": ["who", "shop", "sku", "when"]},
            "own_columns": {"channel": "text"},
        },
        "users": {"bigquery": {"table": "shop.crm.users"}},
        "rules": {"now": "2018-01-01T00:00:00Z", "duplicates": "keep"},
        "privacy": {"hash_user_ids": True},
        "items": {"path": "items.parquet", "columns": {"category": ["aisle", "shelf"]}},
        "max_bad_share": 0.5,
    },
    "objectives": {"cart": {"event_types": ["add", "view"], "weight": 0.25}, "purchase": {"event_types": ["buy"]}},
    "split": {"ranker_start": "2017-10-09", "eval_start": "2017-11-06T12:30:00", "test_start": "2017-12-04T00:00:00Z"},
    "text": {"checkpoint": "models/bert"},
    "ranker": {"hidden": [32]},
    "seed": 0,
}


@pytest.mark.parametrize("document", [SHOP, FULL], ids=["smallest", "full"])
def test_saving_and_loading_gives_the_same_back(tmp_path: Path, document: dict[str, Any]) -> None:
    config = load_config(write(tmp_path / "shop.yaml", document))
    (tmp_path / "run").mkdir()
    saved = tmp_path / "run" / "config.yaml"
    save_config(config, saved)
    assert load_config(saved) == config
    assert [path.name for path in saved.parent.iterdir()] == ["config.yaml"]


def test_a_configuration_survives_json() -> None:
    config = parse_config(FULL)
    assert Config.model_validate_json(config.model_dump_json()) == config


def test_event_types_keep_the_order_of_the_file(tmp_path: Path) -> None:
    config = load_config(write(tmp_path / "shop.yaml", yaml.safe_dump(FULL, sort_keys=False)))
    assert config.event_types == ["add", "view", "buy"]


def test_dates_without_a_zone_are_utc(tmp_path: Path) -> None:
    text = yaml.safe_dump(SHOP) + "split:\n  ranker_start: 2017-10-09\n  eval_start: 2017-11-06 12:30:00\n"
    split = load_config(write(tmp_path / "shop.yaml", text + "  test_start: 2017-12-04T02:00:00+02:00\n")).split
    assert split.ranker_start == datetime(2017, 10, 9, tzinfo=timezone.utc)
    assert split.eval_start == datetime(2017, 11, 6, 12, 30, tzinfo=timezone.utc)
    assert split.test_start == datetime(2017, 12, 4, tzinfo=timezone.utc)


def test_one_configuration_does_not_change_the_defaults_of_the_next() -> None:
    first = parse_config(SHOP)
    first.ranker.hidden.append(1)
    first.evaluation.cutoffs.clear()
    first.retrieval.epochs = 99
    assert parse_config(SHOP).model_dump() == Config.model_validate(SHOP).model_dump()
    assert parse_config(SHOP).ranker.hidden == [128, 64, 32]
    assert parse_config(SHOP).retrieval.epochs == 3


ITEMS = {"path": "items.csv", "own_columns": {"margin": "number", "colour": "text"}}


@pytest.mark.parametrize("value", ["price", "margin"])
def test_an_objective_may_be_worth_a_number_of_the_item(value: str) -> None:
    document = with_field("objectives.purchase.value", value)
    document["data"]["items"] = ITEMS
    assert parse_config(document).objectives["purchase"].value == value


@pytest.mark.parametrize("value", ["colour", "profit"])
def test_an_objective_is_worth_no_text_and_nothing_unknown(value: str) -> None:
    document = with_field("objectives.purchase.value", value)
    document["data"]["items"] = ITEMS
    line = (
        f"the whole file: objectives.purchase.value is '{value}', not one of price, margin; a column of the shop's own "
        "has to be among data.items.own_columns as a number"
    )
    with pytest.raises(ConfigError, match=f"^configuration: {line}$"):
        parse_config(document)


def test_the_policies_of_the_configuration_are_those_of_the_exploration_head() -> None:
    assert get_args(BanditConfig.model_fields["policy"].annotation) == POLICIES
