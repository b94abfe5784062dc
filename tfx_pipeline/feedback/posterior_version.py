"""A version of the served model with another posterior: the same graph, other values of a few variables."""

from pathlib import Path

from numpy.typing import ArrayLike

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.ledger import Ledger
from tfx_pipeline.new_version import next_version, version_after
from trainer.bandit.posterior import LinearPosterior
from trainer.model_files import POSTERIOR_FILE, VERSION_FILE

_HEAD = "exploration"
"""The attribute of the servable that is the exploration head."""


def read_posterior(version: Path) -> LinearPosterior:
    """The posterior of a version.

    Raises:
        PipelineError: It is missing or damaged.
    """
    try:
        return LinearPosterior.load(version / POSTERIOR_FILE)
    except ValueError as error:
        raise PipelineError(str(error)) from error


def write_posterior_version(served: Path, posterior: LinearPosterior, ledger: Ledger) -> Path:
    """Write the served version again with another posterior, as the next one. Call as the `sole_writer`.

    Args:
        served: Folder of the served version.
        posterior: What the new version believes.
        ledger: What this posterior has learned from; the new version is added to those that share its ranker.

    Returns:
        Folder of the new version.

    Raises:
        PipelineError: The served model has no variables for this posterior, or ops that TensorFlow Serving has not.
            Then nothing was written.
    """
    from trainer.export_checks.errors import ExportCheckError
    from trainer.export_checks.graph_ops import check_ops
    from trainer.saved_variables import SavedVariablesError, copy_with_variables

    version = version_after(served)
    try:
        with next_version(served) as aside:
            copy_with_variables(served, aside, {**_variables(served, posterior), "version": str(version)})
            check_ops(aside)
            (aside / VERSION_FILE).write_text(str(version), encoding="utf-8")
            posterior.save(aside / POSTERIOR_FILE)
            ledger.shared_by([version]).save(aside)
    except (SavedVariablesError, ExportCheckError) as error:
        raise PipelineError(str(error)) from error
    return served.with_name(str(version))


def _variables(served: Path, posterior: LinearPosterior) -> dict[str, ArrayLike]:
    """Values of the variables that `ExplorationHead.set_posterior` sets, by their names in the SavedModel."""
    from trainer.saved_variables import read_variable

    # The last row is the unknown item, which a catalogue's arrays have by themselves.
    item_ids = [item_id.decode() for item_id in read_variable(served, "item_ids")[:-1]]
    offset, centre, spread = posterior.item_arrays(item_ids)
    values: dict[str, ArrayLike] = {
        "mean": posterior.mean,
        "covariance_factor": posterior.covariance_factor,
        "item_offset": offset,
        "item_centre": centre,
        "item_spread": spread,
    }
    return {f"{_HEAD}/{name}": value for name, value in values.items()}
