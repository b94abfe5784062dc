"""The id under which a run knows a user."""

import re
from pathlib import Path

CONFIG_FILE = "config.yaml"
_SETTING = re.compile(r"^ +hash_user_ids: *(\w+)$", re.MULTILINE)


def stored_user_id(user_id: str, run_dir: Path) -> str:
    """The id of a user as the models of a run have it: its keyed hash, where the run was configured to hash ids.

    Raises:
        ConfigError: The configuration that the run left cannot be read.
        DataError: Ids are hashed, and the environment has no usable key.
    """
    path = run_dir / CONFIG_FILE
    # A run writes every setting down. Where this one says no, a question need not wait for all others to be read.
    if not path.exists() or _SETTING.findall(path.read_text(encoding="utf-8", errors="replace")) == ["false"]:
        return user_id
    from tfx_pipeline.config import load_config
    from tfx_pipeline.sources.user_hash import hash_user_id

    return hash_user_id(user_id, load_config(path).data.privacy)
