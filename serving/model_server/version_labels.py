"""Version labels: names such as `stable` and `canary` for versions of a model."""

from collections.abc import Callable, Iterable, Mapping

import grpc

from serving.model_server.errors import RequestError
from serving.model_server.model_config import ModelConfig

Labels = Mapping[tuple[str, str], int]
"""Model name and label -> version."""


def assign_labels(
    models: Iterable[ModelConfig],
    present: Labels,
    is_available: Callable[[str, int], bool],
    allow_unavailable: bool,
) -> Labels:
    """Return the labels of a configuration, which replace those present.

    Args:
        models: The models of the configuration.
        present: The labels so far.
        is_available: Whether a version of a model answers requests.
        allow_unavailable: Let a new label name a version that is not available. A label that is moved must always go
            to an available one.

    Raises:
        RequestError: FAILED_PRECONDITION for a label of a version that is not available.
    """
    labels = {(model.name, label): version for model in models for label, version in model.version_labels.items()}
    for (name, label), version in labels.items():
        is_free = allow_unavailable and present.get((name, label), version) == version
        if not is_free and not is_available(name, version):
            raise RequestError(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"Request to assign label to version {version} of model {name}, "
                "which is not currently available for inference",
            )
    return labels
