"""The pipeline: from a shop's logs to a pushed SavedModel, and the commands around it."""

from importlib import import_module
from typing import Any

_ARTIFACT_TYPES = ("tfx_pipeline.components.artifacts", "tfx_pipeline.automation.stages")


def __getattr__(name: str) -> Any:
    """The artifact types, for Kubeflow Pipelines, which looks for `<module>.<class>` with no dot in the module.

    They are imported when they are asked for: they need TFX, whose import takes seconds.
    """
    if name[:1].isupper():
        for module in map(import_module, _ARTIFACT_TYPES):
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
