"""What a run did, in one value: `metrics.json`, the report and the console all show this."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tfx_pipeline.answer_table import AnswerTable
from tfx_pipeline.data_summary import DataSummary
from tfx_pipeline.evaluation.fairness import FairnessGap
from tfx_pipeline.evaluation.paired_tests import PairedTest
from tfx_pipeline.evaluation.probabilities import ProbabilityScores
from tfx_pipeline.evaluation.slice_scores import SliceScore
from tfx_pipeline.evaluation.table import EvaluationTable
from tfx_pipeline.off_policy_check import OffPolicyCheck
from tfx_pipeline.run_details import ExampleUser, Exploration, TrainingCurve, Versions
from tfx_pipeline.search_result import SearchQuality
from trainer.privacy.statement import PrivacyStatement
from trainer.tuning.search_record import SearchRecord


class RunSummaryError(ValueError):
    """A file is not the summary of a run; the message is one line that names the file and the field."""


@dataclass(frozen=True)
class TableCount:
    """Where the rows of one of the shop's tables went.

    Attributes:
        name: Name of the table on the data contract, such as `events`.
        rows_read: Rows in the shop's file.
        rows_kept: Rows that the run used.
        quarantined: Reason -> bad rows that went to quarantine for it; each row has one reason.
        left_out: Reason -> rows that are not bad, but that a rule drops or ignores.

    Raises:
        ValueError: Rows kept, in quarantine and left out do not add up to the rows read.
    """

    name: str
    rows_read: int
    rows_kept: int
    quarantined: dict[str, int]
    left_out: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that no row is lost."""
        if self.rows_kept + self.rows_quarantined + self.rows_left_out != self.rows_read:
            kept = f"{self.rows_read} rows read, {self.rows_kept} kept"
            others = f"{self.rows_quarantined} in quarantine, {self.rows_left_out} left out"
            raise ValueError(f"{self.name}: {kept}, {others} do not add up")

    @property
    def rows_quarantined(self) -> int:
        """Bad rows, for whatever reason."""
        return sum(self.quarantined.values())

    @property
    def rows_left_out(self) -> int:
        """Rows that a rule leaves out, for whatever reason."""
        return sum(self.left_out.values())


@dataclass(frozen=True)
class StageTime:
    """Wall time of one stage of the run.

    Attributes:
        name: Name of the stage.
        seconds: Wall time in seconds.
        cached: Whether the stage took its outputs from an earlier run.
    """

    name: str
    seconds: float
    cached: bool = False


@dataclass(frozen=True)
class WindowMetrics:
    """The metrics of all models on one window of the split.

    Attributes:
        name: Name of the window, such as `eval` or `test`.
        start: First moment of the window, UTC; where the shop has no times, the first place in the order.
        end: Last moment or place of the window.
        table: Models and baselines on the same users.
        tests: The served model against each other one.
        slices: Metrics by slice.
        gaps: How far apart groups are served.
        last_blessed: Name of the table's row of the last blessed model; None where there is none yet.
    """

    name: str
    start: datetime | int
    end: datetime | int
    table: EvaluationTable
    tests: tuple[PairedTest, ...] = ()
    slices: tuple[SliceScore, ...] = ()
    gaps: tuple[FairnessGap, ...] = ()
    last_blessed: str | None = None


@dataclass(frozen=True)
class Gate:
    """A condition on the way to a blessing.

    Attributes:
        name: Name of the gate.
        passed: The verdict.
        reason: What was compared with what, with the figures.
    """

    name: str
    passed: bool
    reason: str


@dataclass(frozen=True)
class Figure:
    """Any further measured number worth showing, such as the peak memory in GB."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True)
class RunSummary:
    """A run from the shop's files to the pushed model.

    Attributes:
        title: What was run, such as the name of the shop.
        started: Start of the run, UTC.
        tables: Rows read, kept, in quarantine and left out, table by table.
        stages: Wall times in the order of the run.
        windows: Metrics, window by window.
        gates: What had to hold for the model to be pushed.
        model_version: Version of the pushed model; None when it was not blessed.
        model_path: Folder of that version.
        report_path: The HTML report.
        logs_path: Folder of the logs.
        answers: Sample answers of the served model.
        figures: Further measured numbers.
        data: What the run found out about the data.
        ranker: The ranker's probabilities, objective by objective, on the eval window.
        training: Training curves, model by model.
        tuning: Searches for hyperparameters, model by model; empty where none was tuned.
        examples: What the model would show to some users, and what they then did.
        exploration: How much each policy explores.
        searches: How well the model searches, window by window.
        off_policy: What the feedback log says of the model; None without a log.
        privacy: What a private training of the towers promises; None where it was not private.
        versions: What the run was made of.
    """

    title: str
    started: datetime
    tables: tuple[TableCount, ...]
    stages: tuple[StageTime, ...]
    windows: tuple[WindowMetrics, ...]
    gates: tuple[Gate, ...]
    model_version: int | None
    model_path: str | None
    report_path: str
    logs_path: str
    answers: tuple[AnswerTable, ...] = ()
    figures: tuple[Figure, ...] = ()
    data: DataSummary = field(default_factory=DataSummary)
    ranker: tuple[ProbabilityScores, ...] = ()
    training: tuple[TrainingCurve, ...] = ()
    tuning: tuple[SearchRecord, ...] = ()
    examples: tuple[ExampleUser, ...] = ()
    exploration: tuple[Exploration, ...] = ()
    searches: tuple[SearchQuality, ...] = ()
    off_policy: OffPolicyCheck | None = None
    privacy: PrivacyStatement | None = None
    versions: Versions = field(default_factory=Versions)

    @property
    def blessed(self) -> bool:
        """Whether every gate passed; a run that reached no gate is not blessed."""
        return bool(self.gates) and all(gate.passed for gate in self.gates)

    @property
    def seconds(self) -> float:
        """Wall time of all stages together."""
        return sum(stage.seconds for stage in self.stages)

    def to_json(self) -> str:
        """The summary as a JSON document; `from_json` gives the same summary back."""
        return _ADAPTER.dump_json(self, indent=2).decode()

    @classmethod
    def from_json(cls, text: str, source: str = "summary") -> "RunSummary":
        """Read what `to_json` wrote.

        Args:
            text: A JSON document.
            source: What to call the document in an error, such as its path.

        Raises:
            RunSummaryError: It is not JSON, or a field is missing or has another type.
        """
        try:
            return _ADAPTER.validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "the whole document"
            raise RunSummaryError(f"{source}: {field}: {first['msg']}") from error


def load_run_summary(path: Path) -> RunSummary:
    """Read a `metrics.json`.

    Raises:
        RunSummaryError: The file cannot be read or is no summary of a run.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunSummaryError(f"{path}: {getattr(error, 'strerror', None) or 'not a text file'}") from error
    return RunSummary.from_json(text, source=str(path))


_ADAPTER = TypeAdapter(RunSummary)
