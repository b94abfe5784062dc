"""The users of a feedback log by version: was the split what it should have been."""

from datetime import datetime
from pathlib import Path

from serving.assignment import SampleRatio, sample_ratio
from tfx_pipeline.feedback.shown import read_shown
from tfx_pipeline.operations.history import Change


def canary_ratio(log: Path, change: Change) -> SampleRatio | None:
    """Compare the users that saw each version since the first one saw the canary with its share.

    A user counts once, by the version of the latest slate. Slates without a user id are left out.

    Args:
        log: Folder of the feedback log.
        change: The change that began the canary, or gave it its share.

    Returns:
        The comparison; None if the log has no user since then.

    Raises:
        PipelineError: The log cannot be used.
    """
    shown = read_shown(log)
    since = datetime.fromisoformat(change.time).timestamp()
    arms = {str(change.stable): "stable", str(change.canary): "canary"}
    of_test = shown[(shown["timestamp"] >= since) & shown["model_version"].isin(arms) & (shown["user_id"] != "")]
    # Clients split their users from when they are told to; before, all are stable.
    began = of_test.loc[of_test["model_version"] == str(change.canary), "timestamp"].min()
    of_test = of_test[of_test["timestamp"] >= began]
    if of_test.empty:
        return None
    last_seen = of_test.drop_duplicates("user_id", keep="last")["model_version"].map(arms)
    canary = int((last_seen == "canary").sum())
    return sample_ratio(len(last_seen) - canary, canary, change.share)
