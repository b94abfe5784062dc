"""What the leakage audit found."""

import json
from dataclasses import asdict, dataclass, replace

from tfx_pipeline.number_format import format_count

AUDIT_FILE = "audit.json"


@dataclass(frozen=True)
class CheckResult:
    """What one rule found.

    Attributes:
        name: Short name of the rule.
        rule: What holds of every position, in words.
        checked: Positions that the rule is about.
        violations: Positions that break it.
        first: The first of them in words: split, user, item, event type and time; '' without any.
    """

    name: str
    rule: str
    checked: int
    violations: int
    first: str

    def add(self, later: "CheckResult") -> "CheckResult":
        """The result over the positions of both."""
        return replace(
            self,
            checked=self.checked + later.checked,
            violations=self.violations + later.violations,
            first=self.first or later.first,
        )

    def describe(self) -> str:
        """The violations in words."""
        return f"{self.name}: {format_count(self.violations)} of {format_count(self.checked)} positions ({self.first})"


@dataclass(frozen=True)
class AuditReport:
    """What all rules found, in a fixed order."""

    checks: tuple[CheckResult, ...]

    @property
    def passed(self) -> bool:
        """Whether no position breaks any rule."""
        return not self.failures

    @property
    def failures(self) -> list[CheckResult]:
        """The rules that some position breaks."""
        return [check for check in self.checks if check.violations]

    def to_json(self) -> str:
        """The report as a JSON document."""
        return json.dumps({"passed": self.passed, "checks": [asdict(check) for check in self.checks]}, indent=2) + "\n"

    @classmethod
    def from_json(cls, document: str) -> "AuditReport":
        """The report that `to_json` wrote."""
        return cls(tuple(CheckResult(**check) for check in json.loads(document)["checks"]))
