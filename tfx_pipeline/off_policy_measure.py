"""What the feedback log says about a new model, before it serves: its off-policy value beside what was shown."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from serving.feedback.schema import TABLES
from tfx_pipeline.config import Config
from tfx_pipeline.evaluation.off_policy.result import OffPolicyResult
from tfx_pipeline.evaluation.off_policy.settings import OffPolicySettings
from tfx_pipeline.feedback.log_parts import part_files
from tfx_pipeline.off_policy_check import OffPolicyCheck
from tfx_pipeline.run_directory import LOG_FOLDER

if TYPE_CHECKING:
    from tfx_pipeline.feedback.joined_log import JoinedLog


def feedback_log(config: Config) -> Path | None:
    """The folder of the run's feedback log; None where there is none."""
    folder = Path(config.data.feedback) if config.data.feedback else config.run_dir / LOG_FOLDER
    return folder if (folder / "shown").is_dir() else None


def log_hash(folder: Path) -> str:
    """Hash of the names and sizes of a log's part files: only forgetting a user rewrites one."""
    files = [path for table in TABLES for path in part_files(folder, table)]
    parts = [(path.name, path.stat().st_size) for path in files]
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def measure_off_policy(saved_model: Path, folder: Path, trained_until: int, config: Config) -> OffPolicyCheck:
    """Ask a model about the logged slates, and estimate what its policy would have earned.

    Args:
        saved_model: Folder of the SavedModel.
        folder: The feedback log.
        trained_until: End of the model's training window, epoch seconds: what was shown before is no test of it.
        config: Attribution window and bounds of the run; objectives are those of the model.

    Raises:
        PipelineError: The log cannot be used.
    """
    from tfx_pipeline.feedback.join import joined_log
    from tfx_pipeline.feedback.joined_run_log import DELAY_SECONDS
    from tfx_pipeline.feedback.lineage import trained_with

    settings = trained_with(saved_model)
    weights = settings.objective_weights
    objectives = {name: (kinds, weights[name]) for name, kinds in settings.label_events.items()}
    seconds = round(config.bandit.attribution_hours * 3600)
    log = joined_log(folder, objectives, seconds, delay_seconds=DELAY_SECONDS, with_features=False)
    return _measure(saved_model, log, trained_until, config)


def _measure(saved_model: Path, log: "JoinedLog", trained_until: int, config: Config) -> OffPolicyCheck:
    """The same of a log that is joined already."""
    from tfx_pipeline.feedback.asked_again import has_context

    later = log.timestamps >= trained_until
    asked = has_context(log.contexts)
    usable = log.take((later & asked).nonzero()[0][-config.evaluation.off_policy_slates :])
    found = OffPolicyCheck(
        policy=config.bandit.policy,
        slates=len(usable.request_ids),
        too_young=log.counts.too_young,
        known_to_training=int((~later).sum()),
        without_context=int((later & ~asked).sum()),
        result=None,
    )
    return replace(found, result=_estimate(saved_model, usable, config)) if len(usable.rewards) else found


def _estimate(saved_model: Path, log: "JoinedLog", config: Config) -> OffPolicyResult:
    import tensorflow as tf
    import tensorflow_text  # noqa: F401  registers the ops of the tokenizer

    from tfx_pipeline.evaluation.off_policy.evaluate import evaluate_policy
    from tfx_pipeline.evaluation.off_policy.logged_slots import LoggedSlots
    from tfx_pipeline.feedback.asked_again import ask_again
    from tfx_pipeline.feedback.earned_utility import earned_utility

    model = tf.saved_model.load(str(saved_model))
    evaluation = ask_again(model, log, config.bandit.policy)
    settings = OffPolicySettings(
        seed=config.seed,
        rounds=max(config.evaluation.bootstrap_rounds, 1),
        minimum_effective_sample_size=config.evaluation.minimum_effective_sample_size,
    )
    earned = earned_utility(log, saved_model)
    return evaluate_policy(LoggedSlots(earned, log.propensities, log.slot, log.request), evaluation, settings)
