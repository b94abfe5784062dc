"""The auditor behind the real builder of the examples, both as components."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from tfx.types import standard_artifacts

from tfx_pipeline.components.artifacts import LeakageAudit, ShopTables
from tfx_pipeline.components.example_builder import ExampleBuilder
from tfx_pipeline.components.leakage_auditor import LeakageAuditor
from tfx_pipeline.config import HistoryConfig, SplitConfig
from tfx_pipeline.leakage.report import AuditReport
from tfx_pipeline.sources.errors import DataError

MakeArtifact = Callable[..., Any]
USERS, EVENTS_EACH, START = 6, 10, 1_500_000_000
SPLIT = SplitConfig(shares=(0.4, 0.6, 0.8))
HISTORY = HistoryConfig(window=5, context=3, length=8)


def events() -> pa.Table:
    rows = np.arange(USERS * EVENTS_EACH)
    users, times = rows // EVENTS_EACH, START + rows % EVENTS_EACH * 86_400
    return pa.table(
        {
            "user_id": [f"user {user}" for user in users],
            "item_id": [f"i{row % 7}" for row in rows],
            "event_type": ["buy"] * len(rows),
            "timestamp": times,
            "basket_id": [f"b{row // 3}" for row in rows],
            "price": [1.0] * len(rows),
        }
    )


def items() -> pa.Table:
    texts = {name: [""] * 7 for name in ("title", "description", "category", "brand")}
    ids = [f"i{number}" for number in range(7)]
    return pa.table({"item_id": ids, **texts, "price": [1.0] * 7, "available": [True] * 7})


@pytest.fixture(scope="module")
def tables(make_artifact: MakeArtifact) -> Any:
    artifact = make_artifact(ShopTables)
    folder = Path(artifact.uri)
    (folder / "events").mkdir()
    everything, half = events(), USERS // 2 * EVENTS_EACH
    for number, part in enumerate([everything[:half], everything[half:]]):
        pq.write_table(part, folder / "events" / f"part-{number:05d}-of-00002.parquet")
    pq.write_table(items(), folder / "items.parquet")
    return artifact


def build(tables: Any, examples: Any, history: HistoryConfig) -> Any:
    ExampleBuilder.test_call(
        tables=tables,
        split=SPLIT.model_dump_json(),
        history=history.model_dump_json(),
        examples=examples,
        beam_pipeline=beam.Pipeline(runner=FnApiRunner()),
    )
    return examples


@pytest.fixture(scope="module")
def built(make_artifact: MakeArtifact, tables: Any) -> Any:
    return build(tables, make_artifact(standard_artifacts.Examples), HISTORY)


@pytest.fixture
def examples(make_artifact: MakeArtifact, built: Any) -> Any:
    """The built examples, to be spoilt."""
    artifact = make_artifact(standard_artifacts.Examples)
    shutil.copytree(built.uri, artifact.uri, dirs_exist_ok=True)
    artifact.split_names = built.split_names
    return artifact


class Auditor:
    """Runs the component; `written` is where its report goes."""

    def __init__(self, tables: Any, examples: Any, output: Any) -> None:
        self._artifacts = {"tables": tables, "examples": examples, "audit": output}
        self.written = Path(output.uri) / "audit.json"

    def __call__(self, split: SplitConfig = SPLIT, history: HistoryConfig = HISTORY) -> AuditReport:
        settings = {"split": split.model_dump_json(), "history": history.model_dump_json(), "version": "1"}
        LeakageAuditor.test_call(**self._artifacts, **settings)
        return self.report()

    def report(self) -> AuditReport:
        return AuditReport.from_json(self.written.read_text(encoding="utf-8"))


@pytest.fixture
def audit(make_artifact: MakeArtifact, tables: Any, examples: Any) -> Auditor:
    return Auditor(tables, examples, make_artifact(LeakageAudit, exists=False))


def test_sound_examples_pass(audit: Auditor) -> None:
    report = audit()
    assert report.passed
    checked = {check.name: check.checked for check in report.checks}
    assert checked["events exist"] > USERS * EVENTS_EACH
    assert [name for name, count in checked.items() if not count] == []


def test_a_leak_stops_the_run_with_one_line(audit: Auditor, examples: Any) -> None:
    folder = Path(examples.uri)
    shutil.rmtree(folder / "Split-users")
    shutil.copytree(folder / "Split-eval", folder / "Split-users")
    with pytest.raises(DataError) as error:
        audit()
    assert str(error.value) == (
        "the examples leak: stored users: 12 of 42 positions "
        "(split users, user user 0, item i6, buy at 2017-07-20T02:40:00)"
    )
    assert [check.name for check in audit.report().failures] == ["stored users"]


def dates(*days: int) -> SplitConfig:
    names = ("ranker_start", "eval_start", "test_start")
    return SplitConfig.model_validate({name: START + day * 86_400 for name, day in zip(names, days, strict=True)})


def test_dates_of_the_configuration_must_be_those_of_the_examples(audit: Auditor, examples: Any) -> None:
    written = json.loads(Path(examples.uri, "split.json").read_text(encoding="utf-8"))
    starts = [(written[name] - START) // 86_400 for name in ("ranker_start", "eval_start", "test_start")]
    assert audit(dates(*starts)).passed
    with pytest.raises(DataError) as error:
        audit(dates(starts[0], starts[1] + 1, starts[2] + 1))
    found, configured = written["eval_start"], written["eval_start"] + 86_400
    path = Path(examples.uri, "split.json")
    assert str(error.value) == f"{path}: eval_start is {found}, in the configuration it is {configured}"


def test_another_split_than_the_examples_were_cut_at_is_a_leak(audit: Auditor) -> None:
    with pytest.raises(DataError, match=r"^the examples leak: training window: "):
        audit(SplitConfig(method="leave_last_out"))


def test_history_settings_say_what_the_ranker_may_see(make_artifact: MakeArtifact, tables: Any) -> None:
    by_event = HISTORY.model_copy(update={"ranker_cases": "event"})
    examples = build(tables, make_artifact(standard_artifacts.Examples), by_event)
    auditor = Auditor(tables, examples, make_artifact(LeakageAudit))
    assert auditor(history=by_event).passed
    with pytest.raises(
        DataError, match=r"^the examples leak: history before window: \d+ of \d+ positions \(split ranker"
    ):
        auditor(history=HISTORY)


BROKEN = [
    (None, "No such file or directory"),
    ("{", "not a JSON file: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ("[1]", "no whole number 'ranker_start'"),
    ('{"ranker_start": 1, "eval_start": "2"}', "no whole number 'eval_start'"),
    (
        '{"ranker_start": 1, "eval_start": 1, "test_start": 3}',
        "ranker_start, eval_start, test_start must increase, these are [1, 1, 3]",
    ),
]


@pytest.mark.parametrize(("content", "message"), BROKEN)
def test_boundaries_that_cannot_be_used_are_told(
    audit: Auditor, examples: Any, content: str | None, message: str
) -> None:
    path = Path(examples.uri, "split.json")
    path.unlink()
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as error:
        audit()
    assert str(error.value) == f"{path}: {message}"
    assert not audit.written.exists()


def test_a_split_without_files_is_told(audit: Auditor, examples: Any) -> None:
    folder = Path(examples.uri, "Split-eval")
    shutil.rmtree(folder)
    with pytest.raises(DataError) as error:
        audit()
    assert str(error.value) == f"{folder}: no data_tfrecord files, so no examples to audit"
