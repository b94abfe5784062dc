"""What the feedback log says of the model's policy."""

from tfx_pipeline.off_policy_check import OffPolicyCheck
from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import RunSummary


def _off_policy(run: RunSummary) -> OffPolicyCheck | None:
    return run.off_policy


SECTION = Section("off-policy", "Off-policy evaluation", "sections/off_policy.html.j2", _off_policy)
