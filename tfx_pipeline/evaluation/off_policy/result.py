"""What an off-policy evaluation found."""

from dataclasses import dataclass

from pydantic import TypeAdapter

from tfx_pipeline.evaluation.off_policy.diagnostics import Diagnostics
from tfx_pipeline.evaluation.off_policy.resampling import Interval
from tfx_pipeline.evaluation.off_policy.verdict import Verdict


@dataclass(frozen=True)
class EstimatorRow:
    """One estimator's answer; all values are mean rewards of a request.

    Attributes:
        name: The estimator.
        value: The estimate.
        bootstrap: Percentile interval over requests; None where fewer than two requests are there.
        bernstein: Empirical Bernstein interval; None for a ratio (SNIPS) and for fewer than two requests.
        diagnostics: Support by the weights that this estimator is built on.
    """

    name: str
    value: float
    bootstrap: Interval | None
    bernstein: Interval | None
    diagnostics: Diagnostics


@dataclass(frozen=True)
class OffPolicyResult:
    """A policy's value from another policy's log.

    Attributes:
        logged_value: Mean reward of a logged request: the logging policy's own value.
        logged_interval: Its bootstrap interval; None for fewer than two requests.
        rows: One for each estimator.
        estimator: Name of the one that the verdict asks.
        difference: Its value less the logged value.
        difference_interval: Bootstrap interval of the difference, on the same resamples.
        verdict: What may be concluded.
    """

    logged_value: float
    logged_interval: Interval | None
    rows: tuple[EstimatorRow, ...]
    estimator: str
    difference: float
    difference_interval: Interval | None
    verdict: Verdict

    def row(self, name: str) -> EstimatorRow:
        """The answer of the estimator of this name.

        Raises:
            KeyError: It was not asked.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"there is no estimator {name!r}, only {', '.join(row.name for row in self.rows)}")

    @property
    def diagnostics(self) -> Diagnostics:
        """Support of the estimate that the verdict asks."""
        return self.row(self.estimator).diagnostics

    def to_json(self) -> str:
        """All of it as a JSON object."""
        return _RESULT.dump_json(self, indent=2).decode()

    @classmethod
    def from_json(cls, text: str) -> "OffPolicyResult":
        """What `to_json` wrote.

        Raises:
            pydantic.ValidationError: It is something else.
        """
        return _RESULT.validate_json(text)


_RESULT = TypeAdapter(OffPolicyResult)
