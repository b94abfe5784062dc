"""A pipeline whose run directory is in a store such as `gs://`: what its stages are told in place of local paths."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tfx_pipeline.config import Config
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.orchestrators.run_folder import ARTIFACTS, FOLDER
from tfx_pipeline.remote_files import copy_file, copy_tree, exists, is_remote, join, register_stores
from tfx_pipeline.run_directory import LOG_FOLDER
from tfx_pipeline.sources.forgotten_users import FORGOTTEN_USERS_FILE

if TYPE_CHECKING:
    from tfx.orchestration.pipeline import Pipeline

KEPT = (FORGOTTEN_USERS_FILE, "schema")
"""What people put into a run directory, and stages read: the users to forget, and the frozen schema."""


def check_reachable(config: Config) -> None:
    """Raise if the stages of other machines could not read what they need.

    Raises:
        PipelineError: A path of the configuration is one of this machine's disk, or the training is to go on from an
            earlier one, whose models are; the message names the field.
    """
    if config.training.start != "scratch":
        raise PipelineError(
            f"training.start: {config.training.start} goes on from the models in a run directory on a disk; the stages "
            "of a remote pipeline start from scratch"
        )
    log = config.data.feedback
    if log is not None and not Path(log).is_relative_to(config.run_dir):
        raise PipelineError(
            f"data.feedback: {log} is outside run_dir; a remote pipeline takes its feedback/ along alone"
        )
    for name, paths in _paths(config).items():
        for path in paths:
            if not is_remote(path):
                raise PipelineError(
                    f"{name}: {path} is on the disk of this machine, where the stages of a remote pipeline do not run; "
                    "give gs:// or s3://, or file:// for a path of their image"
                )


def _paths(config: Config) -> dict[str, list[str]]:
    paths = {}
    for name, table in config.data.tables.items():
        for field in ("path", "eval_path", "test_path"):
            value = getattr(table, field)
            paths[f"data.{name}.{field}"] = [value] if isinstance(value, str) else list(value)
    if config.data.serving_log is not None:
        value = config.data.serving_log.path
        paths["data.serving_log.path"] = [value] if isinstance(value, str) else list(value)
    return {name: [path for path in values if path] for name, values in paths.items()}


def move_to_store(dag: "Pipeline", config: Config, root: str) -> None:
    """Tell the stages of a DAG that the run directory is in a store.

    Their artifacts go to `<root>/tfx`. Properties that name the run directory name `FOLDER` afterwards, the place in
    the container that stands for it.
    """
    dag.pipeline_info.pipeline_root = join(root, ARTIFACTS)
    # Not the beginning of another name: /shops/run is not in /shops/run-2. Nor a part of an address.
    local = re.compile(r"(?<![\w.:/-])" + re.escape(str(config.run_dir)) + r"(?![\w.-])")
    for node in dag.components:
        for name, value in node.exec_properties.items():
            if isinstance(value, str):
                node.exec_properties[name] = local.sub(str(FOLDER), value)


def upload_kept(config: Config, root: str) -> list[str]:
    """Copy what stages read of the local run directory into the store: what people decided, and the feedback log.

    Without the list of forgotten users a remote run would learn from their rows again.

    Returns:
        Their names; empty where the run directory has none, and then no store is asked.

    Raises:
        PipelineError: The store refuses.
    """
    register_stores()
    names = [name for name in (*KEPT, LOG_FOLDER) if exists(str(config.run_dir / name))]
    for name in names:
        source = config.run_dir / name
        (copy_tree if source.is_dir() else copy_file)(str(source), join(root, name))
    return names
