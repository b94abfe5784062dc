"""Training curves, model by model."""

from dataclasses import dataclass

from markupsafe import Markup

from tfx_pipeline.report.charts.curves import curves
from tfx_pipeline.report.section import Section
from tfx_pipeline.run_details import TrainingCurve
from tfx_pipeline.run_summary import RunSummary

_VALIDATION = "val_"


@dataclass(frozen=True)
class TrainedModel:
    """One model's curves.

    Attributes:
        curve: The numbers.
        epochs: Number of epochs.
        charts: Metric -> its chart, training and validation in one; none for a single epoch.
    """

    curve: TrainingCurve
    epochs: int
    charts: dict[str, Markup]


def _trained_models(run: RunSummary) -> list[TrainedModel] | None:
    return [_trained_model(curve) for curve in run.training if any(curve.metrics.values())] or None


def _trained_model(curve: TrainingCurve) -> TrainedModel:
    names = dict.fromkeys(metric.removeprefix(_VALIDATION) for metric, values in curve.metrics.items() if values)
    epochs = max(map(len, curve.metrics.values()))
    charts = {name: _chart(curve, name) for name in names} if epochs > 1 else {}
    return TrainedModel(curve, epochs, charts)


def _chart(curve: TrainingCurve, metric: str) -> Markup:
    lines = {"training": curve.metrics.get(metric), "validation": curve.metrics.get(f"{_VALIDATION}{metric}")}
    return curves({line: values for line, values in lines.items() if values}, metric, curve.model)


SECTION = Section("training", "Training curves", "sections/training.html.j2", _trained_models)
