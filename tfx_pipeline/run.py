"""The main job: a configuration in, a run directory with report and pushed model out."""

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from tfx_pipeline.automation.listing import listing_notes
from tfx_pipeline.config import Config, save_config
from tfx_pipeline.continued_training import training_start
from tfx_pipeline.data_summary import DataSummary, data_notes, has_daily_spans
from tfx_pipeline.distribution_comparison import COMPARISON_FILE, load_comparison
from tfx_pipeline.drift_advice import drift_notes
from tfx_pipeline.environment import prepare_environment
from tfx_pipeline.leakage.report import AUDIT_FILE, AuditReport
from tfx_pipeline.off_policy_check import OffPolicyCheck, read_check
from tfx_pipeline.orchestrators.beam_options import require_beam_options
from tfx_pipeline.report import write_report
from tfx_pipeline.row_counts import table_counts
from tfx_pipeline.run_directory import METRICS_FILE, REPORT_FILE, STOPPED_BY_ANOMALIES, STOPPED_BY_DISTANCES
from tfx_pipeline.run_lock import sole_run
from tfx_pipeline.run_log import log_to
from tfx_pipeline.run_summary import Figure, RunSummary, WindowMetrics
from tfx_pipeline.sources.fingerprint import fingerprint
from tfx_pipeline.sources.ingest import check_tables
from tfx_pipeline.sources.quarantine import show_quarantine
from tfx_pipeline.sources.report import IngestReport
from tfx_pipeline.write_aside import write_aside
from trainer.export_checks.export_check import ExportCheck
from trainer.privacy.statement import PrivacyStatement
from trainer.tuning.search_record import SearchRecord

if TYPE_CHECKING:
    from tfx_pipeline.catalogue_evaluation import WindowResult
    from tfx_pipeline.run_records import StageRecord


def run(config: Config, title: str = "shoprank") -> RunSummary:
    """Run the pipeline of a configuration.

    Args:
        config: The run.
        title: Name of the shop, for the report.

    Returns:
        What was done; also written to `<run_dir>/metrics.json` and `report.html`.

    Raises:
        DataError: The shop's data cannot be used; nothing is pushed.
        PipelineError: Another run is under way in the same directory, or Beam does not know its options.
    """
    started = datetime.now(timezone.utc)
    # Before the slow imports, so that a wrong column costs a second and not half a minute.
    check_tables(config.data)
    require_beam_options(config.beam_options)
    config.run_dir.mkdir(parents=True, exist_ok=True)
    with sole_run(config.run_dir):
        return _run_alone(config, title, started)


def _run_alone(config: Config, title: str, started: datetime) -> RunSummary:
    prepare_environment()
    save_config(config, config.run_dir / "config.yaml")
    for name in (STOPPED_BY_ANOMALIES, STOPPED_BY_DISTANCES):
        (config.run_dir / name).unlink(missing_ok=True)
    log = config.run_dir / "logs" / f"{started:%Y%m%dT%H%M%S}.log"
    with log_to(log) as console:
        console.print(f"Loading TensorFlow and TFX; the log is {log}", highlight=False)
        # Here, because importing them takes a quarter of a minute.
        from tfx_pipeline.pipeline import create_pipeline
        from tfx_pipeline.runners import run_locally

        # Read once: they are large, and at the end of the run they may be others.
        data_hash = fingerprint(config.data)
        start = training_start(config, data_hash)
        if start.sentence:
            console.print(start.sentence, highlight=False, soft_wrap=True)
        run_locally(create_pipeline(start.config, data_hash))
        summary = _summarize(config, title, started, data_hash)
    write_summary(summary, config.run_dir)
    return summary


def write_summary(summary: RunSummary, run_dir: Path) -> None:
    """Write metrics.json and report.html."""
    with write_aside(run_dir / METRICS_FILE) as aside:
        aside.write_text(summary.to_json(), encoding="utf-8")
    write_report(summary, run_dir / REPORT_FILE)


def _summarize(config: Config, title: str, started: datetime, data_hash: str) -> RunSummary:
    from tfx.utils.path_utils import serving_model_path

    from tfx_pipeline.catalogue_evaluation import read_result
    from tfx_pipeline.components.atomic_pusher import push_version
    from tfx_pipeline.package_versions import collect_versions
    from tfx_pipeline.release_gates import read_gates
    from tfx_pipeline.run_records import last_run
    from tfx_pipeline.training_curves import publish_tensorboard, read_training_curves

    records = last_run(config.run_dir / "tfx" / "metadata.db")
    tables = records["Ingest"].outputs["tables"]
    report = IngestReport.load(tables)
    show_quarantine(tables / "quarantine", config.run_dir / "quarantine")
    result = read_result(records["CatalogueEvaluator"].outputs["evaluation"])
    gates = read_gates(records["ReleaseGate"].outputs["blessing"])
    publish_tensorboard(records, config.run_dir)
    pushed = records["Pusher"].properties["pushed_model"]
    version = pushed.get("pushed_version")
    if version:
        # A cached push does not look whether somebody deleted the version; one that is there stays as it is.
        model = serving_model_path(str(records["RankerTrainer"].outputs["model"]))
        push_version(model, str(pushed["pushed_destination"]))
    return RunSummary(
        title=title,
        started=started,
        tables=table_counts(report),
        stages=tuple(record.time for record in records.values()),
        windows=tuple(_window_metrics(window, has_clock=report.time == "clock") for window in result.windows),
        gates=gates,
        model_version=int(version) if version else None,
        model_path=str(pushed["pushed_destination"]) if version else None,
        report_path=str(config.run_dir / REPORT_FILE),
        logs_path=str(config.run_dir / "logs"),
        data=_data_summary(config, report, records),
        ranker=result.ranker,
        training=read_training_curves(records),
        tuning=_searches(records),
        examples=result.examples,
        exploration=result.exploration,
        searches=result.searches,
        off_policy=_off_policy(records.get("OffPolicyEvaluator")),
        privacy=PrivacyStatement.load(records["TowerTrainer"].outputs["model_run"]),
        versions=collect_versions(config, data_hash),
        figures=_export_figures(records["ExportChecker"]),
    )


def _searches(records: Mapping[str, "StageRecord"]) -> tuple[SearchRecord, ...]:
    searches = (records.get(name) for name in ("TowerTuner", "RankerTuner"))
    return tuple(SearchRecord.load(each.outputs["tuner_results"]) for each in searches if each is not None)


def _off_policy(record: "StageRecord | None") -> OffPolicyCheck | None:
    return None if record is None else read_check(record.outputs["evaluation"])


def _export_figures(record: "StageRecord") -> tuple[Figure, ...]:
    check = ExportCheck.load(record.outputs["check"])
    size, loading = check.size / 1e6, check.load_seconds
    return (Figure("size of the model", size, "MB"), Figure("time to load the model", loading, "s"))


def _data_summary(config: Config, report: IngestReport, records: Mapping[str, "StageRecord"]) -> DataSummary:
    from tfx_pipeline.components.anomaly_gate import ANOMALIES_FILE, load_anomalies

    audit = (records["LeakageAuditor"].outputs["audit"] / AUDIT_FILE).read_text(encoding="utf-8")
    anomalies = load_anomalies(records["AnomalyGate"].outputs["anomalies"] / ANOMALIES_FILE)
    has_rejected = any(table.quarantined or table.dropped for table in report.tables.values())
    comparison = load_comparison(records["DistributionComparator"].outputs["comparison"] / COMPARISON_FILE)
    notes = data_notes(report, config.split.method, has_daily_spans(config.data.events))
    listed = records.get("AutomationScorer")
    automated = () if listed is None else listing_notes(listed.outputs["listing"])
    return DataSummary(
        notes=(*notes, *drift_notes(comparison, config), *automated),
        audit=AuditReport.from_json(audit).checks,
        comparison=comparison,
        anomalies=tuple(f"{anomaly.severity}, {anomaly}" for anomaly in anomalies),
        quarantine_path=str(config.run_dir / "quarantine") if has_rejected else None,
    )


def _window_metrics(result: "WindowResult", has_clock: bool) -> WindowMetrics:
    first, last = result.start, result.end - 1
    return WindowMetrics(
        name=result.name,
        start=_utc(first) if has_clock else first,
        end=_utc(last) if has_clock else last,
        table=result.table,
        tests=result.tests,
        slices=result.slices,
        gaps=result.gaps,
        last_blessed=result.last_blessed,
    )


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
