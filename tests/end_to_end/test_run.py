"""What a run leaves behind, and what it prints."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import yaml

from trainer import features
from trainer.signature_inputs import INPUTS


def test_every_row_is_kept_or_in_quarantine_with_its_reason(shop_run: Any) -> None:
    events = next(table for table in shop_run.summary.tables if table.name == "events")
    assert events.rows_read == len(shop_run.events) + 2
    assert events.rows_kept + sum(events.quarantined.values()) + sum(events.left_out.values()) == events.rows_read
    with (shop_run.folder / "quarantine" / "events.csv").open(encoding="utf-8") as file:
        bad = {int(row["line"]): (row["column"], row["value"]) for row in csv.DictReader(file)}
    # The header is line 1.
    assert bad[len(shop_run.events) + 2] == ("household_id", "")
    assert bad[len(shop_run.events) + 3] == ("transaction_timestamp", "yesterday")


def test_the_run_directory_has_what_the_design_promises(shop_run: Any) -> None:
    for name in ("config.yaml", "quarantine", "metrics.json", "report.html", "logs", "tfx/metadata.db"):
        assert (shop_run.folder / name).exists(), name
    assert yaml.safe_load((shop_run.folder / "config.yaml").read_text())["seed"] == 7
    assert [path.name for path in shop_run.model.parent.iterdir()] == [str(shop_run.summary.model_version)]


def test_the_output_names_stages_metrics_gates_and_places(shop_run: Any) -> None:
    for words in ("TowerTrainer", "NDCG@10", "buy again", "most popular", "passed", "report.html", "quarantine"):
        assert words in shop_run.output, words


def test_both_windows_are_scored_beside_the_baselines_on_all_and_new_items(shop_run: Any) -> None:
    assert [window.name for window in shop_run.summary.windows] == ["eval", "test"]
    for window in shop_run.summary.windows:
        assert window.table.models[:2] == ["shoprank", "most popular"]
        assert window.table.users("all") >= window.table.users("new") > 50
        ours, popular = (window.table.row(model, "all").metrics["NDCG@10"] for model in ("shoprank", "most popular"))
        assert ours > popular


def test_gates_carry_their_figures(shop_run: Any) -> None:
    assert shop_run.summary.blessed
    export, auc, catalogue, search = shop_run.summary.gates
    assert export.name == "export" and export.passed
    assert auc.name == "ranker AUC, purchase, eval window"
    assert auc.reason.endswith("against at least 0.6")
    assert catalogue.name == "NDCG@10, all items, eval window"
    assert search.name == "NDCG@10, known items, eval window, against BM25"
    assert search.passed and " against " in search.reason


def test_warmup_file_calls_every_signature(shop_run: Any) -> None:
    from tensorflow_serving.apis import prediction_log_pb2

    path = shop_run.model / "assets.extra" / "tf_serving_warmup_requests"
    seen = set()
    for record in tf.data.TFRecordDataset(str(path)):
        request = prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        assert set(request.inputs) == set(INPUTS[request.model_spec.signature_name])
        seen.add(request.model_spec.signature_name)
    assert seen == set(INPUTS)


def test_examples_of_real_purchases_do_not_leak(shop_run: Any) -> None:
    folder = shop_run.output_of("ExampleBuilder", "examples")
    checked = 0
    for split in (features.RANKER, features.EVAL):
        for example in _examples(folder, split):
            is_target = np.array(example[features.IS_TARGET].int64_list.value) == 1
            times = np.array(example[features.TIMESTAMPS].int64_list.value)
            baskets = np.array(example[features.BASKETS].int64_list.value)
            if (~is_target).any():
                assert times[~is_target].max() < times[is_target].min()
                assert not np.isin(baskets[~is_target], baskets[is_target]).any()
                checked += 1
    assert checked > 100


def test_training_windows_end_before_the_later_windows_start(shop_run: Any) -> None:
    folder = shop_run.output_of("ExampleBuilder", "examples")
    latest = {
        split: max(max(example[features.TIMESTAMPS].int64_list.value) for example in _examples(folder, split))
        for split in (features.TRAIN, features.RANKER, features.EVAL, features.USERS)
    }
    starts = [np.datetime64(day, "s").astype(int) for day in ("2017-10-09", "2017-11-06", "2017-12-04")]
    assert latest[features.TRAIN] < starts[0] <= latest[features.RANKER] < starts[1]
    assert latest[features.USERS] < starts[1] <= latest[features.EVAL] < starts[2]


def _examples(folder: Path, split: str) -> list[Any]:
    dataset = tf.data.TFRecordDataset(tf.io.matching_files(f"{folder}/Split-{split}/*"), "GZIP")
    return [tf.train.Example.FromString(record.numpy()).features.feature for record in dataset]


def test_the_audit_checked_every_position_and_found_nothing(shop_run: Any) -> None:
    checks = shop_run.summary.data.audit
    assert len(checks) >= 5
    assert all(check.violations == 0 for check in checks)
    assert min(check.checked for check in checks) > 1000


def test_columns_of_the_shop_travel_to_the_examples_and_their_schema(shop_run: Any) -> None:
    example = _examples(shop_run.output_of("ExampleBuilder", "examples"), features.EVAL)[0]
    stores = example["event_store_id"].bytes_list.value
    assert len(stores) == len(example[features.ITEM_IDS].bytes_list.value)
    assert set(stores) <= {str(store).encode() for store in shop_run.events["store_id"].unique()}
    schema = (shop_run.output_of("ContractSchema", "users") / "schema.pbtxt").read_text()
    assert '"event_store_id"' in schema


@pytest.mark.timeout(900)
def test_a_second_run_takes_everything_from_the_cache(shop_run: Any, command_line: Any) -> None:
    again = command_line("run", "--config", str(shop_run.config))
    assert again.returncode == 0, again.stderr[-2000:]
    assert [path.name for path in shop_run.model.parent.iterdir()] == [str(shop_run.summary.model_version)]
    assert again.stdout.count("cached") >= len(shop_run.summary.stages)


@pytest.mark.timeout(900)
def test_a_model_that_fails_a_gate_is_not_pushed(shop_run: Any, command_line: Any) -> None:
    document = yaml.safe_load(shop_run.config.read_text())
    document["evaluation"] = {"minimum_ranker_auc": 1.0}
    strict = shop_run.config.with_name("strict.yaml")
    strict.write_text(yaml.safe_dump(document, sort_keys=False))
    done = command_line("run", "--config", str(strict))
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("shoprank: ")
    assert "ranker AUC, purchase, eval window" in done.stderr
    assert [path.name for path in shop_run.model.parent.iterdir()] == [str(shop_run.summary.model_version)]
