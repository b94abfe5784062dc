"""TFX component: drift of the events since the previous span, and their skew against the serving log."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component

from tfx_pipeline.compared_features import ComparedFeature, compared_features
from tfx_pipeline.components.artifacts import DistributionComparison, ShopTables
from tfx_pipeline.distribution_comparison import (
    COMPARISON_FILE,
    Comparison,
    Kind,
    NotMeasured,
    Side,
    check_threshold_names,
    describe_exceeded,
    write_comparison,
)
from tfx_pipeline.distribution_distances import measure_distances, measures_of
from tfx_pipeline.event_sample import count_spans, sample_events
from tfx_pipeline.sources.contract import TIMESTAMP
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.event_files import event_files
from tfx_pipeline.sources.report import IngestReport
from tfx_pipeline.table_config import TableConfig
from tfx_pipeline.validation_config import ValidationConfig
from trainer.features import BRAND, CATEGORY, ITEM_ID

SERVING_LOG_FILE = "serving_log.parquet"
MAX_ROWS = 200_000
"""Most events of a side that are compared."""

_SEED = 7


@component
def DistributionComparator(
    tables: InputArtifact[ShopTables],
    settings: Parameter[str],
    serving_log: Parameter[str],
    version: Parameter[str],
    comparison: OutputArtifact[DistributionComparison],
    record: Parameter[str] = "",
) -> None:
    """Compare.

    Args:
        tables: The tables on the data contract; with serving_log.parquet among them, if there is a serving log.
        settings: `ValidationConfig` as JSON.
        serving_log: `TableConfig` of the serving log as JSON; '' if there is none.
        version: Hash of the code.
        comparison: Where comparison.json goes, see `tfx_pipeline.distribution_comparison`.
        record: File that gets the same results if the run stops, because TFX deletes the outputs of a stage that
            fails; '' for none.

    Raises:
        DataError: A distance is above its threshold, and the settings say to stop; or a threshold is for a feature
            that is not compared.
    """
    del version
    config = ValidationConfig.model_validate_json(settings)
    log_name = TableConfig.model_validate_json(serving_log).name if serving_log else ""
    result = compare_events(Path(tables.uri), config, log_name)
    write_comparison(result, Path(comparison.uri) / COMPARISON_FILE)
    if not result.exceeded:
        return
    if config.on_exceeded == "stop":
        if record:
            write_comparison(result, Path(record))
        raise DataError(describe_exceeded(result.exceeded))
    logging.warning("%s", describe_exceeded(result.exceeded))


def compare_events(folder: Path, config: ValidationConfig, log_name: str, max_rows: int = MAX_ROWS) -> Comparison:
    """Drift and skew of the tables in a folder.

    Args:
        folder: What ingestion wrote.
        config: The thresholds.
        log_name: What to call the serving log; '' if there is none.
        max_rows: Most events of a side that are compared; of more, a seeded sample is.

    Raises:
        DataError: A threshold is for a feature that is not compared.
    """
    files = event_files(folder)
    features = compared_features(pq.read_schema(files[0]))
    check_threshold_names(config, [feature.name for feature in features])
    items = pq.read_table(folder / "items.parquet", columns=[ITEM_ID, CATEGORY, BRAND])
    has_times = IngestReport.load(folder).time == "clock"
    comparer = _Comparer(features, items, config, max_rows, has_times)
    spans = [_Events(f"span {span}", files, span) for span in count_spans(files)]
    newest = spans[-1] if spans else _Events("all events", files, None)
    return _drift(comparer, spans) + _skew(comparer, newest, folder / SERVING_LOG_FILE, log_name)


@dataclass(frozen=True)
class _Events:
    """A set of events in files: what to call it, and which span of the files it is."""

    name: str
    files: list[Path]
    span: int | None


@dataclass(frozen=True)
class _Sampled:
    """Sampled events: the features that they have, what to show of them, and the seconds from the first to the last."""

    columns: dict[str, pa.Array]
    shown: Side
    seconds: int


@dataclass(frozen=True)
class _Comparer:
    """Compares two sets of events, feature by feature."""

    features: tuple[ComparedFeature, ...]
    items: pa.Table
    config: ValidationConfig
    max_rows: int
    has_times: bool

    def compare(self, kind: Kind, before: _Events, after: _Events) -> Comparison:
        """All features; of each that a set cannot have, why."""
        sides = self._side(kind, before), self._side(kind, after)
        earlier, later = (each.columns for each in sides)
        lacking = []
        for feature in self.features:
            if reason := _why_not(feature, sides):
                earlier.pop(feature.name, None)
                lacking += [NotMeasured(kind, feature.name, measure, reason) for measure in measures_of(feature.kind)]
        missing = Comparison(not_measured=tuple(lacking), sides=(sides[0].shown, sides[1].shown))
        return measure_distances(kind, earlier, later, self.config) + missing

    def _side(self, kind: Kind, events: _Events) -> _Sampled:
        schema = pq.read_schema(events.files[0])
        present = {field.name: field.type for field in schema if field.name != TIMESTAMP or self.has_times}
        usable = [feature for feature in self.features if present.get(feature.column) == feature.type]
        needed = list(dict.fromkeys(feature.column for feature in usable))
        sample = sample_events(events.files, needed, self.max_rows, _SEED, events.span)
        whole = {name: sample.events[name].combine_chunks() for name in needed}
        columns = {feature.name: feature.make(whole[feature.column], self.items) for feature in usable}
        times = whole[TIMESTAMP].to_numpy() if TIMESTAMP in whole else np.zeros(0, np.int64)
        span = int(times.max() - times.min()) if len(times) else 0
        return _Sampled(columns, Side(kind, events.name, sample.rows, len(sample.events)), span)


def _why_not(feature: ComparedFeature, sides: tuple[_Sampled, _Sampled]) -> str:
    """Why a feature cannot be compared; '' if it can."""
    without = [side.shown.name for side in sides if feature.name not in side.columns]
    if without:
        return f"no column {feature.column} of type {feature.type} in {' and '.join(without)}"
    short = [side.shown.name for side in sides if side.seconds < feature.least_span]
    if short:
        return f"less than {feature.least_span / 3600:g} hours in {' and '.join(short)}"
    return ""


def _drift(comparer: _Comparer, spans: list[_Events]) -> Comparison:
    if len(spans) >= 2:
        return comparer.compare("drift", spans[-2], spans[-1])
    found = "one span" if spans else "no spans"
    return Comparison(remarks=(f"Drift was not measured: the events have {found}, so there is no previous one.",))


def _skew(comparer: _Comparer, training: _Events, log: Path, log_name: str) -> Comparison:
    if not log_name:
        return Comparison(remarks=("Skew was not measured: no serving log is configured.",))
    if not log.exists() or pq.read_metadata(log).num_rows == 0:
        return Comparison(remarks=(f"Skew was not measured: {log_name} has no events.",))
    return comparer.compare("skew", training, _Events(log_name, [log], None))
