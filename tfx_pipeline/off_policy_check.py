"""Off-policy evaluation of a run's model, and its file."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from tfx_pipeline.evaluation.off_policy.result import OffPolicyResult

_FILE = "off_policy.json"


@dataclass(frozen=True)
class OffPolicyCheck:
    """Off-policy evaluation of a model's default policy on the slates that were shown after its training window.

    Attributes:
        policy: The policy whose value is estimated.
        slates: Slates that were asked again.
        too_young: Slates whose attribution window is not over yet.
        known_to_training: Slates that were shown before the training window ended, and so are left out.
        without_context: Slates of which the log kept only the digest of what was asked.
        result: The estimates; None where no slate is left.
    """

    policy: str
    slates: int
    too_young: int
    known_to_training: int
    without_context: int
    result: OffPolicyResult | None


_ADAPTER = TypeAdapter(OffPolicyCheck)


def write_check(check: OffPolicyCheck, folder: Path) -> None:
    """Write a check into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _FILE).write_bytes(_ADAPTER.dump_json(check, indent=2))


def read_check(folder: Path) -> OffPolicyCheck:
    """Read what `write_check` wrote."""
    return _ADAPTER.validate_json((folder / _FILE).read_bytes())
