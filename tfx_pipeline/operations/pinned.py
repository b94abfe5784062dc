"""What to tell somebody whose new version does not come into service by itself."""

import shlex
from pathlib import Path

from serving.model_server.version_directory import find_versions
from tfx_pipeline.operations.models_config import config_path, pins_of, read_config
from tfx_pipeline.run_directory import serving_dir


def pinned_hint(run_dir: Path) -> str | None:
    """One line if the model config file of a run keeps its newest version out of service, else None.

    Raises:
        PipelineError: The file cannot be used.
    """
    pins = pins_of(read_config(run_dir))
    newest = max(find_versions(serving_dir(run_dir)), default=None)
    if pins is None or newest is None or newest in pins.versions:
        return None
    where = f"--run-dir {shlex.quote(str(run_dir))}"
    return (
        f"version {pins.stable} stays in service, as {config_path(run_dir)} says; "
        f"to serve the new one: shoprank promote {newest} {where}"
    )


def tell_if_pinned(run_dir: Path) -> None:
    """Print the hint, if there is one."""
    hint = pinned_hint(run_dir)
    if hint is not None:
        print(hint)
