"""The id under which a run knows a user."""

from pathlib import Path

from tfx_pipeline.config import load_config
from tfx_pipeline.sources.user_hash import hash_user_id

CONFIG_FILE = "config.yaml"


def stored_user_id(user_id: str, run_dir: Path) -> str:
    """The id of a user as the models of a run have it: its keyed hash, where the run was configured to hash ids.

    Raises:
        ConfigError: The configuration that the run left cannot be read.
        DataError: Ids are hashed, and the environment has no usable key.
    """
    path = run_dir / CONFIG_FILE
    return hash_user_id(user_id, load_config(path).data.privacy) if path.exists() else user_id
