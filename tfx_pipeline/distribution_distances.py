"""Distances between the distributions of features, measured by TensorFlow Data Validation."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics.stats_impl import generate_statistics_in_memory
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from tfx_pipeline.distribution_comparison import Comparison, Distance, Kind, Measure, NotMeasured, threshold_of
from tfx_pipeline.validation_config import ValidationConfig

Columns = Mapping[str, pa.Array]
"""Values by feature: strings, '' where missing, or float64, NaN where missing."""

ROWS_PER_VALUE = 10
"""Fewest events a distinct value for which a Jensen-Shannon divergence of a text feature means anything.

Two samples of n events from one distribution over K values are (K - 1) / (4 n ln 2) apart by chance, to first order:
at most 0.04 with ten events a value.
"""

_QUANTILES = 100
_MEASURES: dict[int, Measure] = {
    anomalies_pb2.DriftSkewInfo.Measurement.L_INFTY: "L-infinity",
    anomalies_pb2.DriftSkewInfo.Measurement.JENSEN_SHANNON_DIVERGENCE: "Jensen-Shannon divergence",
}


@dataclass(frozen=True)
class _Wanted:
    """A distance to measure, unless there is a reason against it."""

    feature: str
    measure: Measure
    reason: str | None


def measure_distances(kind: Kind, before: Columns, after: Columns, config: ValidationConfig) -> Comparison:
    """Measure the features that both sides have.

    Texts have the L-infinity and the Jensen-Shannon distance of the shares of their values, '' among them. Numbers have
    the Jensen-Shannon divergence of their histograms of quantiles, over the events that have the number.

    Args:
        kind: What is compared.
        before: The earlier or training events, at least one.
        after: The later or serving events, at least one.
        config: The thresholds.
    """
    shared = [name for name in before if name in after]
    wanted = [each for name in shared for each in _wanted(name, before[name], after[name])]
    found = _measure(kind, before, after, [each for each in wanted if each.reason is None], config)
    distances, missing = [], []
    for each in wanted:
        distance = found.get((each.feature, each.measure))
        if distance is None:
            reason = each.reason or "TensorFlow Data Validation gives no distance"
            missing.append(NotMeasured(kind, each.feature, each.measure, reason))
            continue
        limit = threshold_of(each.feature, kind, config)
        rows = len(before[each.feature]), len(after[each.feature])
        distances.append(Distance(kind, each.feature, each.measure, distance, limit, distance > limit, *rows))
    return Comparison(tuple(distances), tuple(missing))


def measures_of(kind: str) -> tuple[Measure, ...]:
    """The measures of a `text` or a `number`."""
    return ("L-infinity", "Jensen-Shannon divergence") if kind == "text" else ("Jensen-Shannon divergence",)


def _wanted(name: str, before: pa.Array, after: pa.Array) -> list[_Wanted]:
    text = pa.types.is_string(before.type)
    sides = [_has_values(before), _has_values(after)]
    reason = None
    if not any(sides):
        reason = "no values on either side"
    elif not all(sides) and not text:
        reason = f"no values {'after' if sides[0] else 'before'}"
    if not text and reason is None:
        reason = _too_few_numbers(before, after)
    wanted = [_Wanted(name, measure, reason) for measure in measures_of("text" if text else "number")]
    if text and reason is None:
        wanted[-1] = _Wanted(name, "Jensen-Shannon divergence", _too_many_values(before, after))
    return wanted


def _has_values(values: pa.Array) -> bool:
    if pa.types.is_string(values.type):
        return bool(pc.any(pc.not_equal(values, "")).as_py())
    return bool(pc.any(pc.is_finite(values)).as_py())


def _too_many_values(before: pa.Array, after: pa.Array) -> str | None:
    distinct = len(pa.concat_arrays([before.unique(), after.unique()]).unique())
    rows = min(len(before), len(after))
    if rows >= ROWS_PER_VALUE * distinct:
        return None
    return f"{distinct:,} values in {rows:,} events: chance alone would set two samples apart"


def _too_few_numbers(before: pa.Array, after: pa.Array) -> str | None:
    numbers = [values.filter(pc.is_finite(values)) for values in (before, after)]
    buckets = min(_QUANTILES, len(pa.concat_arrays(numbers).unique()))
    events = min(len(each) for each in numbers)
    if buckets == 1 or events >= ROWS_PER_VALUE * buckets:
        return None
    return f"{events:,} numbers in {buckets:,} buckets: chance alone would set two samples apart"


def _measure(
    kind: Kind, before: Columns, after: Columns, wanted: list[_Wanted], config: ValidationConfig
) -> dict[tuple[str, Measure], float]:
    """What TensorFlow Data Validation tells of the wanted distances, past their thresholds or not."""
    names = list(dict.fromkeys(each.feature for each in wanted))
    if not names:
        return {}
    earlier, later = (_statistics({name: side[name] for name in names}) for side in (before, after))
    schema = _schema(kind, before, wanted, config)
    if kind == "drift":
        anomalies = tfdv.validate_statistics(later, schema, previous_statistics=earlier)
    else:
        anomalies = tfdv.validate_statistics(earlier, schema, serving_statistics=later)
    return {
        (info.path.step[0], _MEASURES[each.type]): each.value
        for info in anomalies.drift_skew_info
        for each in (*info.drift_measurements, *info.skew_measurements)
    }


def _schema(kind: Kind, columns: Columns, wanted: list[_Wanted], config: ValidationConfig) -> schema_pb2.Schema:
    schema = schema_pb2.Schema()
    entries: dict[str, schema_pb2.Feature] = {}
    for each in wanted:
        text = pa.types.is_string(columns[each.feature].type)
        if each.feature not in entries:
            entries[each.feature] = schema.feature.add(
                name=each.feature, type=schema_pb2.BYTES if text else schema_pb2.FLOAT
            )
        entry = entries[each.feature]
        comparator = entry.drift_comparator if kind == "drift" else entry.skew_comparator
        limit = threshold_of(each.feature, kind, config)
        if each.measure == "L-infinity":
            comparator.infinity_norm.threshold = limit
        else:
            comparator.jensen_shannon_divergence.threshold = limit
            # The standard histogram has ten bins of equal width: one outlier puts all other values into one bin.
            comparator.jensen_shannon_divergence.source.type = schema_pb2.HistogramSelection.QUANTILES
    return schema


def _statistics(columns: Columns) -> statistics_pb2.DatasetFeatureStatisticsList:
    batch = pa.RecordBatch.from_arrays([_one_value_a_row(values) for values in columns.values()], list(columns))
    options = tfdv.StatsOptions(
        # Every value counts; by default the shares are those of the thousand most frequent.
        num_rank_histogram_buckets=max(1, batch.num_rows),
        num_quantiles_histogram_buckets=_QUANTILES,
    )
    return generate_statistics_in_memory(batch, options)


def _one_value_a_row(values: pa.Array) -> pa.ListArray:
    """Lists of one value, as TensorFlow Data Validation takes them; of none where a number is missing."""
    if pa.types.is_string(values.type):
        offsets = np.arange(len(values) + 1, dtype=np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), values.cast(pa.binary()))
    known = pc.is_finite(values)
    offsets = np.concatenate([[0], np.cumsum(known.to_numpy(zero_copy_only=False))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values.filter(known).cast(pa.float32(), safe=False))
