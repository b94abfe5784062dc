"""`shoprank forget-user`: a user out of what a run has stored, and which models remember them."""

import os
from pathlib import Path

from rich.console import Console

from tfx_pipeline.forgetting.erasure import Erasure
from tfx_pipeline.forgetting.feedback_log import erase_feedback, log_folders
from tfx_pipeline.forgetting.lineage import read_lineage
from tfx_pipeline.forgetting.remainders import anonymous_examples, pipeline_models, pushed_versions
from tfx_pipeline.forgetting.report import ForgetReport
from tfx_pipeline.forgetting.stored_files import PIPELINE_ROOT, erase_everywhere
from tfx_pipeline.forgetting.user import read_user
from tfx_pipeline.run_directory import LOG_FOLDER
from tfx_pipeline.sources import forgotten_users


def forget_user(run_dir: Path, user_id: str) -> ForgetReport:
    """Forget a user: first on the list that later runs read, then in everything stored but trained models.

    Every file is replaced whole. An interrupted call leaves files with and without the user; calling again completes.

    Args:
        run_dir: The run directory, with its config.yaml; no run and no server may write to it, but for feedback.
        user_id: The id as the shop writes it.

    Raises:
        ConfigError: The directory has no readable configuration.
        DataError: The id is empty, ids are hashed and the environment has no usable key, or the list of forgotten
            users cannot be read.
        OSError: A file cannot be read or written.
    """
    user = read_user(run_dir, user_id)
    forgotten_users.add(run_dir, user.stored_id)
    lineage = read_lineage(run_dir / PIPELINE_ROOT)
    erasure = Erasure()
    logs = log_folders(run_dir)
    for folder in logs:
        erase_feedback(folder, user, erasure)
    erase_everywhere(run_dir, user, lineage, erasure)
    return ForgetReport(
        record=run_dir / forgotten_users.FORGOTTEN_USERS_FILE,
        rewritten=tuple(erasure.rewritten),
        versions=tuple(pushed_versions(run_dir, user)),
        models=tuple(pipeline_models(lineage, user)),
        anonymous=tuple(anonymous_examples(lineage, user)),
        unreadable=tuple(erasure.unreadable),
        absent=tuple(folder for folder in logs if folder != run_dir / LOG_FOLDER and not folder.is_dir()),
    )


def forget_user_verb(run_dir: Path, user_id: str, as_json: bool) -> None:
    """Forget a user and print the report, see `forget_user`."""
    # TensorFlow, which reads the examples, else tells of the processor when it starts.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with Console(stderr=True).status("Reading the stored files"):
        report = forget_user(run_dir, user_id)
    if as_json:
        print(report.to_json())
    else:
        print("\n".join(report.lines()))
