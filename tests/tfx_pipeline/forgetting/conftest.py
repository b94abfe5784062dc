"""A run directory made by hand, in the formats of a real one.

Users: `12` (in training and eval), `121`, `7`, and `late`, who came in the eval window and is in no vocabulary.
The item `12` is there to be mistaken for the user.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tfx_pipeline.feedback import log_makers as makers
from tfx_pipeline.answer_table import Answer, AnswerTable
from tfx_pipeline.run_summary import RunSummary

Write = Callable[[Path, Iterable[bytes]], None]
VOCABULARIES = {"user_id": ["121", "12", "7"], "item_id": ["12", "i1", "i2"]}
TRAINING, EVAL = [("121", ["12", "i1"]), ("12", ["i1", "i2"]), ("7", ["12"])], [("12", ["i1"]), ("late", ["12", "i9"])]
CONFIG = """
run_dir: .
data:
  events: {path: events.csv, columns: {user_id: household_id}}
objectives: {purchase: {event_types: [purchase]}}
"""


@pytest.fixture(scope="session")
def write_records() -> Write:
    """Writes a TFRecord file; one whose name ends in .gz is compressed."""

    def write(path: Path, records: Iterable[bytes]) -> None:
        import tensorflow as tf

        path.parent.mkdir(parents=True, exist_ok=True)
        with tf.io.TFRecordWriter(str(path), "GZIP" if path.suffix == ".gz" else "") as writer:
            for record in records:
                writer.write(record)

    return write


@pytest.fixture(scope="session")
def read_examples() -> Callable[[Path], list[dict[str, list[Any]]]]:
    """Reads a TFRecord file as TensorFlow does: the features of each example."""

    def read(path: Path) -> list[dict[str, list[Any]]]:
        import tensorflow as tf

        compression = "GZIP" if path.read_bytes()[:2] == b"\x1f\x8b" else ""
        records = tf.data.TFRecordDataset(str(path), compression).as_numpy_iterator()
        parsed = [tf.train.Example.FromString(record).features.feature for record in records]
        return [{name: list(getattr(f, f.WhichOneof("kind")).value) for name, f in each.items()} for each in parsed]

    return read


@pytest.fixture(scope="session")
def example() -> Callable[..., bytes]:
    """A serialized tf.Example of lists of strings and whole numbers."""

    def make(**features: list[str] | list[int]) -> bytes:
        import tensorflow as tf

        made = tf.train.Example()
        for name, values in features.items():
            feature = made.features.feature[name]
            if isinstance(values[0], str):
                feature.bytes_list.value.extend(value.encode() for value in values)
            else:
                feature.int64_list.value.extend(values)
        return made.SerializeToString()

    return make


@pytest.fixture
def run_dir(tmp_path: Path, write_records: Write, example: Callable[..., bytes], run_summary: RunSummary) -> Path:
    run, tfx = tmp_path / "run", tmp_path / "run" / "tfx"
    _write(run / "config.yaml", CONFIG)
    _write_tables(tfx / "Ingest" / "tables" / "1")
    _write_quarantine(run)
    _write(run / "logs" / "run.log", "at 12:12,12 rows\nline 3, household_id: bad: '12'\n12 items, user 121\n")
    _write_feedback(run / "feedback")
    _write_summary(run, run_summary)
    _write_examples(tfx, write_records, example)
    write_statistics(tfx / "StatisticsGen" / "statistics" / "3" / "Split-train" / "FeatureStats.pb")
    _write_models(run)
    write_metadata(tfx)
    return run


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _write_tables(folder: Path) -> None:
    users = [user for user, items in (*TRAINING, *EVAL) for _ in items]
    items = [item for _, items in (*TRAINING, *EVAL) for item in items]
    events = pa.table({"user_id": users, "item_id": items, "timestamp": range(len(users))})
    (folder / "events").mkdir(parents=True)
    for shard in (0, 1):
        is_here = pa.array([(user == "12") == bool(shard) for user in users])
        pq.write_table(events.filter(is_here), folder / "events" / f"part-0000{shard}-of-00002.parquet")
    pq.write_table(pa.table({"user_id": ["7", "12"], "age": [3, 4]}), folder / "users.parquet")
    pq.write_table(pa.table({"item_id": ["12", "i1"], "title": ["a", "b"]}), folder / "items.parquet")
    _write(folder / "ingest.json", '{"events": {"rows_kept": 12}}\n')


def _write_quarantine(run: Path) -> None:
    rows = [
        "file,line,column,reason,value",
        "e.csv,2,product_id,item not in the items table,12",
        "e.csv,3,household_id,line break in an id,12",
        'e.csv,4,,wrong number of fields,"12,i1"',
        'e.csv,5,,wrong number of fields,"121,i1"',
        "",
    ]
    for folder in (run / "quarantine", run / "tfx" / "Ingest" / "tables" / "1" / "quarantine"):
        _write(folder / "events.csv", "\n".join(rows))


def _write_feedback(log: Path) -> None:
    slates = [makers.shown_row(f"of-{user}", ("12", "i1"), user_id=user) for user in ("12", "121", "7")]
    outcomes = [makers.outcome_row(f"of-{user}", "12", value=0.5) for user in ("12", "12", "121")]
    makers.write_rows(log / "shown" / "1.parquet", slates[:2])
    makers.write_rows(log / "shown" / "2.tfrecord", slates[2:])
    makers.write_rows(log / "outcomes" / "1.tfrecord", outcomes[1:])
    makers.write_rows(log / "outcomes" / "2.parquet", outcomes[:1])


def _write_summary(run: Path, summary: RunSummary) -> None:
    from dataclasses import replace

    from tfx_pipeline.report import write_report

    slate = (Answer("12", "Twelve", 0.5, None, "history"),)
    answers = (AnswerTable("What next for household 12?", slate), AnswerTable("What is like Twelve (12)?", slate))
    summary = replace(summary, answers=answers)
    _write(run / "metrics.json", summary.to_json())
    write_report(summary, run / "report.html")


def _write_examples(tfx: Path, write_records: Write, example: Callable[..., bytes]) -> None:
    rows = {name: {word: row for row, word in enumerate(words)} for name, words in VOCABULARIES.items()}
    for split, cases in (("train", TRAINING), ("eval", EVAL)):
        raw, transformed = [], []
        for number, (user, items) in enumerate(cases):
            times = {"timestamps": [1000 + number] * len(items), "baskets": [0] * len(items)}
            times["is_target"] = [1] * len(items)
            numbers = [rows["item_id"].get(item, 3) for item in items]
            raw.append(example(user_id=[user], item_ids=items, **times))
            transformed.append(example(user_id=[rows["user_id"].get(user, 3)], item_ids=numbers, **times))
        write_records(tfx / "ExampleBuilder" / "examples" / "2" / f"Split-{split}" / "data_tfrecord-0.gz", raw)
        folder = tfx / "Transform" / "transformed_examples" / "4" / f"Split-{split}"
        write_records(folder / "transformed_examples-0.gz", transformed)
    mined = [example(user_id=[user], item_id=["12"]) for user in ("121", "12", "")]
    write_records(tfx / "CandidateMiner" / "rows" / "5" / "Split-eval" / "candidates.gz", mined)
    anonymous = [example(features=["abc"], labels=["d"])]
    write_records(tfx / "CandidateMiner" / "candidates" / "5" / "Split-train" / "candidates", anonymous)


def write_statistics(path: Path) -> None:
    """Statistics in which `12` is a user and an item."""
    from tensorflow_metadata.proto.v0 import statistics_pb2

    statistics = statistics_pb2.DatasetFeatureStatisticsList()
    dataset = statistics.datasets.add(num_examples=3)
    for name in ("user_id", "item_ids"):
        feature = dataset.features.add(type=statistics_pb2.FeatureNameStatistics.STRING)
        feature.path.step.append(name)
        for value in ("12", "121"):
            feature.string_stats.top_values.add(value=value, frequency=2)
            feature.string_stats.rank_histogram.buckets.add(label=value, sample_count=2)
    path.parent.mkdir(parents=True)
    path.write_bytes(statistics.SerializeToString())


def _write_models(run: Path) -> None:
    graph = run / "tfx" / "Transform" / "transform_graph" / "4" / "transform_fn"
    ranker = run / "tfx" / "RankerTrainer" / "model" / "7" / "Format-Serving"
    pushed = run / "serving" / "shoprank"
    for folder in (graph, ranker, pushed / "100"):
        for name, words in VOCABULARIES.items():
            _write(folder / "assets" / name, "".join(f"{word}\n" for word in words))
    # Later versions know nobody of that name.
    for version in ("99", "101"):
        _write(pushed / version / "assets" / "user_id", "121\n7\n")
        _write(pushed / version / "assets" / "item_id", "12\n")
    _write(run / "tfx" / "TowerTrainer" / "model" / "6" / "Format-Serving" / "towers.csv", "user_id,epoch\n12,1\n")


def write_metadata(tfx: Path) -> None:
    """ML Metadata of four stages. It was written elsewhere: the run directory has been moved since."""
    from ml_metadata.metadata_store import metadata_store
    from ml_metadata.proto import metadata_store_pb2 as mlmd

    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(tfx / "metadata.db")
    config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    store = metadata_store.MetadataStore(config)
    kinds = {
        kind: store.put_artifact_type(mlmd.ArtifactType(name=kind))
        for kind in ("Examples", "TransformGraph", "Model", "ModelRun")
    }
    execution_type = store.put_execution_type(mlmd.ExecutionType(name="Stage"))
    artifacts: dict[str, int] = {}

    def put(uri: str) -> int:
        kind = {"transform_graph": "TransformGraph", "model": "Model", "texts": "Model", "model_run": "ModelRun"}.get(
            uri.split("/")[1], "Examples"
        )
        if uri not in artifacts:
            artifact = mlmd.Artifact(type_id=kinds[kind], uri=f"/elsewhere/tfx/{uri}")
            [artifacts[uri]] = store.put_artifacts([artifact])
        return artifacts[uri]

    raw, graph = "ExampleBuilder/examples/2", "Transform/transform_graph/4"
    transformed = "Transform/transformed_examples/4"
    for inputs, outputs in (
        ([], [raw]),
        ([raw], [graph, transformed]),
        ([transformed, graph], ["TextEncoding/texts/5"]),
        ([transformed, graph], ["TowerTrainer/model/6", "TowerTrainer/model_run/6"]),
        ([transformed, graph], ["CandidateMiner/candidates/5", "CandidateMiner/rows/5"]),
        ([transformed, graph], ["RankerTrainer/model/7", "RankerTrainer/model_run/7"]),
    ):
        [execution] = store.put_executions([mlmd.Execution(type_id=execution_type)])
        for kind, uris in ((mlmd.Event.INPUT, inputs), (mlmd.Event.OUTPUT, outputs)):
            store.put_events([mlmd.Event(execution_id=execution, artifact_id=put(uri), type=kind) for uri in uris])
