"""A configuration of several models, as a model server's config file has it."""

from pathlib import Path
from typing import Any

from google.protobuf import text_format


def models_config(base: Path, **models: str) -> Any:
    """A ModelServerConfig.

    Args:
        base: Folder with a base path for each model, by its name.
        models: Further fields of each model in text form, by its name.
    """
    from tensorflow_serving.config import model_server_config_pb2

    message = model_server_config_pb2.ModelServerConfig()
    message.model_config_list.SetInParent()
    for name, fields in models.items():
        model = message.model_config_list.config.add(name=name, base_path=str(base / name), model_platform="tensorflow")
        text_format.Merge(fields, model)
    return message
