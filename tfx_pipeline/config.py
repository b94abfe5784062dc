"""The typed configuration of a run, read from and written to one YAML file."""

from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from tfx_pipeline.automation_config import AutomationConfig
from tfx_pipeline.distribution_config import DistributionConfig
from tfx_pipeline.evaluation_config import EvaluationConfig, PositiveNumbers
from tfx_pipeline.export_config import ExportConfig
from tfx_pipeline.run_directory import serving_dir
from tfx_pipeline.table_config import DataConfig, Fraction, Paths, Section
from tfx_pipeline.text_config import TextConfig
from tfx_pipeline.training_config import TrainingConfig
from tfx_pipeline.training_privacy_config import TrainingPrivacyConfig
from tfx_pipeline.tuning_config import TuningConfig, require_searchable
from tfx_pipeline.validation_config import ValidationConfig
from tfx_pipeline.write_aside import write_aside
from trainer.objective_chain import chain_order
from trainer.privacy.settings import require_separable_loss


class ConfigError(ValueError):
    """The configuration cannot be used; the message is one line that names the file and the field."""


class SplitConfig(Section):
    """How the events are cut into windows: towers learn from the first, then ranker, gates and test have theirs.

    `time` is the global time split: dates win over shares; all are boundaries on the one time axis of the shop.
    Towers learn from [start, ranker), the ranker from [ranker, eval), gates look at [eval, test), and the test window
    is [test, end].
    """

    method: Literal["time", "files", "leave_last_out"] = "time"
    """`files`: eval and test events come from files of their own, `eval_path` and `test_path`, and the latest tenth of
    the others is the ranker's. `leave_last_out`: the last three events of each user are test, eval and the ranker's;
    it leaks what is popular later, and warns so."""
    ranker_start: datetime | None = None
    eval_start: datetime | None = None
    test_start: datetime | None = None
    shares: tuple[Fraction, Fraction, Fraction] = (0.7, 0.8, 0.9)
    """Shares of the events, in time order, that lie before the three boundaries when no dates are given."""

    @field_validator("ranker_start", "eval_start", "test_start")
    @classmethod
    def _as_utc(cls, value: datetime | None) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=timezone.utc)

    @model_validator(mode="after")
    def _in_order(self) -> "SplitConfig":
        dates = [self.ranker_start, self.eval_start, self.test_start]
        given = [date for date in dates if date is not None]
        if given and len(given) < len(dates):
            raise ValueError("give all of ranker_start, eval_start and test_start, or none of them")
        if given != sorted(set(given)):
            raise ValueError("ranker_start, eval_start and test_start must increase")
        if not given and list(self.shares) != sorted(set(self.shares)):
            raise ValueError("shares must increase")
        return self


class HistoryConfig(Section):
    """How much of a user's past an example carries."""

    window: int = Field(200, ge=1)
    """Events of one user that one training example asks the towers to predict."""
    context: int = Field(100, ge=0)
    """Events before a window that it sees but does not predict."""
    length: int = Field(512, ge=1)
    """Latest events of a user that the ranker and the servable look at."""
    ranker_cases: Literal["user", "event"] = "user"
    """Whether the ranker learns from one case a user, with all events of its window as answers, or from one case an
    event, with the events before it as history."""


class RetrievalConfig(Section):
    """The two towers."""

    dimension: int = Field(64, ge=4)
    """Length of the preference vectors."""
    history_encoder: Literal["recency_mean", "gru", "causal_attention"] = "recency_mean"
    """How the query tower reads the history: decayed means, a GRU, or self-attention as in SASRec."""
    decays_in_events: list[float] = Field([4.0, 32.0, 256.0], min_length=1)
    """First values of the decays of `recency_mean`, in events; they are learned."""
    decays_in_days: list[float] = []
    """The same in days, for shops whose times are real."""
    history_vectors: Literal["shared", "separate", "tower"] = "shared"
    """What the history encoder sees of an item: the id vector of the item tower and the text, an id vector of its own
    and the text, or the item tower's output."""
    event_types: bool = False
    """Whether the history encoder sees the type of each event."""
    time_gaps: bool = False
    """Whether it sees the time between events, and since the last one."""
    repeats: bool = False
    """Whether the towers learn to find what the user had before, too. By default they do not: the user's own history
    is a source of candidates of its own, and the towers learn what it cannot know."""
    softmax: Literal["sampled", "full"] = "sampled"
    """The loss: over the items of the batch and the negatives below, or over the whole catalogue, which is best where
    it fits: a step then costs by the number of items."""
    queue_negatives: int = Field(0, ge=0)
    """Targets of earlier batches that are negatives too."""
    mixed_negatives: int = Field(0, ge=0)
    """Items drawn for each batch from the catalogue, in part uniformly: negatives that nobody bought."""
    uniform_share: Fraction = 0.5
    """Share of `mixed_negatives` that ignores popularity."""
    hard_negatives: int = Field(0, ge=0)
    """For each target, the wrong items that the model of the last epoch ranks highest."""
    basket_positives: bool = False
    """Whether the other items of a target's basket are kept from being its negatives; costs a comparison of all
    pairs."""
    optimizer: Literal["lazy_adam", "adagrad"] = "lazy_adam"
    """Both update only the rows of a batch."""
    precision: Literal["float32", "mixed_bfloat16", "auto"] = "float32"
    """Type that the towers compute in; losses and tables stay float32. `auto` is `mixed_bfloat16` on a TPU and on a CPU
    with instructions for it."""
    steps_per_execution: int = Field(8, ge=1)
    """Training steps between two looks of Python."""
    epochs: int = Field(3, ge=1)
    batch_windows: int = Field(64, ge=1)
    """User windows in a batch."""
    targets_per_window: int = Field(32, ge=1)
    """Events drawn from a window each time it is seen."""
    learning_rate: float = Field(2e-3, gt=0)
    id_dropout: Fraction = 0.2
    """Share of user and item ids hidden in training, so that text and history learn to carry a stranger."""
    neighbours: int = Field(100, ge=1)
    """Neighbours that are kept of each item: what EASE says that it speaks for and against."""
    neighbour_items: int = Field(5_000, ge=1)
    """Only this many of the most bought items have neighbours; the time grows with the cube."""
    neighbour_regularisation: float = Field(300.0, gt=0)
    """Weight of the squared entries of EASE's matrix."""
    index: Literal["auto", "exact", "ivf"] = "auto"
    """What the served model searches the catalogue with: all items, or the lists of near ones (IVF). `auto` is `exact`
    up to 200,000 items."""
    index_recall: float = Field(0.99, gt=0, le=1)
    """Share of the true nearest items that the lists should find: it chooses how many of them are read."""


class RankerConfig(Section):
    """The multi-task ranker and the candidates that it learns from."""

    hidden: PositiveNumbers = [128, 64, 32]
    """Widths of the hidden layers; the last is what the bandit posterior is over."""
    crosses: int = Field(1, ge=0)
    """Cross layers of DCN-v2, one on top of the other."""
    experts: int = Field(0, ge=0)
    """Networks of these widths that the objectives mix, each in its own proportions (MMoE); 0 for one that they share.
    With experts the bandit posterior is over the last layers of all objectives side by side."""
    attended_events: int = Field(0, ge=0)
    """Latest events of the history that each candidate attends to (DIN); 0 for none."""
    position_slots: int = Field(0, ge=0)
    """Slots whose effect on what is shown in them is learned beside the ranker, from what the feedback log says was
    shown in the ranker's window; 0 for none, and then the ranker does not learn from that log."""
    epochs: int = Field(5, ge=1)
    batch_cases: int = Field(64, ge=1)
    """Users in a batch; each brings all of its candidates."""
    learning_rate: float = Field(0.01, gt=0)
    """Falls to 0 along a cosine."""
    calibration: Literal["none", "platt", "isotonic"] = "isotonic"
    """How the probabilities of each objective are corrected, by users that the ranker did not learn from; the order of
    the items for one objective stays. `isotonic` is `platt` where there are few events to go by."""
    listwise_weight: float = Field(0.02, ge=0)
    """Weight of the listwise softmax loss, which is about the order of a user's candidates, beside the cross-entropy of
    each, which is about its probability."""
    pairwise_weight: float = Field(0.0, ge=0)
    """Weight of the pairwise logistic loss, which is about the order as well."""
    retrieved: int = Field(60, ge=1)
    """Candidates from the index."""
    neighbours: int = Field(100, ge=0)
    """Candidates that the items of the history speak for."""
    from_history: int = Field(150, ge=0)
    """Candidates from the user's own history."""
    lexical: int = Field(60, ge=0)
    """Candidates that have words of the query, where there is one."""
    popular: int = Field(40, ge=0)
    """Candidates that are popular at large."""


class BanditConfig(Section):
    """The exploration head."""

    policy: Literal["greedy", "epsilon_greedy", "thompson", "lin_ucb", "square_cb", "plackett_luce"] = "greedy"
    """Policy of a request that names none."""
    epsilon: Fraction = 0.1
    """Share of the requests that `epsilon_greedy` answers by chance."""
    linucb_alpha: float = Field(1.0, ge=0)
    """Standard deviations of the utility that `lin_ucb` adds to its mean."""
    squarecb_gamma: float = Field(1_000.0, gt=0)
    """How fast `square_cb` gives up on an item by its distance to the best, in 1 / utility."""
    plackett_luce_temperature: float = Field(0.02, gt=0)
    """Utility by which an item of `plackett_luce` has to be better to be e times as likely."""
    explored_share: Fraction = 1.0
    """Largest share of a slate's slots, the last ones, that a policy may explore in; the others are greedy's."""
    minimum_relevance: Fraction = 0.0
    """Items whose predicted utility is below this share of the request's best are not explored."""
    never_explore: list[str] = []
    """Ids of items that are only shown where they earn it."""
    prior_precision: float = Field(1.0, gt=0)
    """Precision of every weight before any evidence, in 1 / utility^2."""
    item_precision: float | None = Field(None, gt=0)
    """Precision of every item's own intercept before any evidence, in 1 / utility^2: the smaller, the more a new item
    is explored. By default it is learned from how much the items of the mined candidates differ."""
    evidence_weight: float = Field(0.01, gt=0, le=1)
    """What a mined candidate counts as evidence: it was never shown, so less than an impression."""
    draws: int = Field(512, ge=16)
    """Fixed draws that `thompson` takes one of. The later slots of `square_cb` and `plackett_luce` have their
    propensities from an eighth as many sampled slates, with a standard error of at most 1 / (2 sqrt(draws / 8))."""
    attribution_hours: float = Field(24.0, gt=0)
    """How long after a slate was shown an outcome counts as its own."""


class ObjectiveConfig(Section):
    """One thing that the shop wants users to do."""

    event_types: list[str] = Field(min_length=1)
    weight: float = Field(1.0, gt=0)
    """Weight of its probability in the utility."""
    given: str | None = None
    """The objective without which this one cannot come true, such as the click before a purchase: its probability is
    then that of the other times its own given the other, both learned from all candidates (ESMM)."""
    value: str | None = None
    """What it is worth for an item, beside the weight: `price`, or a number column of `data.items.own_columns`, such as
    a margin. An item without the number is worth the median of the others. By default every item is worth 1."""


class Config(Section):
    """A run: the shop's data in, `<run_dir>/serving/shoprank/<version>/` out."""

    run_dir: Path
    data: DataConfig
    objectives: dict[str, ObjectiveConfig] = Field(min_length=1)
    split: SplitConfig = SplitConfig()
    validation: ValidationConfig = ValidationConfig()
    automation: AutomationConfig = AutomationConfig()
    history: HistoryConfig = HistoryConfig()
    text: TextConfig = TextConfig()
    retrieval: RetrievalConfig = RetrievalConfig()
    training: TrainingConfig = TrainingConfig()
    training_privacy: TrainingPrivacyConfig = TrainingPrivacyConfig()
    tuning: TuningConfig = TuningConfig()
    distribution: DistributionConfig = DistributionConfig()
    ranker: RankerConfig = RankerConfig()
    bandit: BanditConfig = BanditConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    export: ExportConfig = ExportConfig()
    seed: int = 7
    beam_options: list[str] = []
    """Options of Apache Beam, such as `--runner=DataflowRunner`; by default its steps run in this process."""

    @field_validator("objectives")
    @classmethod
    def _utility_is_taken(cls, objectives: dict[str, ObjectiveConfig]) -> dict[str, ObjectiveConfig]:
        if "utility" in objectives:
            raise ValueError("'utility' is what the signature `rank` calls the weighted sum; take another name")
        return objectives

    @model_validator(mode="after")
    def _values_are_numbers(self) -> "Config":
        known = ["price", *(name for name, kind in self.data.own_columns["items"].items() if kind == "number")]
        for name, objective in self.objectives.items():
            if objective.value is not None and objective.value not in known:
                raise ValueError(
                    f"objectives.{name}.value is {objective.value!r}, not one of {', '.join(known)}; a column of the "
                    "shop's own has to be among data.items.own_columns as a number"
                )
        return self

    @field_validator("objectives")
    @classmethod
    def _conditions_lead_somewhere(cls, objectives: dict[str, ObjectiveConfig]) -> dict[str, ObjectiveConfig]:
        chain_order({name: objective.given for name, objective in objectives.items()})
        return objectives

    @model_validator(mode="after")
    def _files_of_the_split(self) -> "Config":
        given = {bool(self.data.events.eval_path), bool(self.data.events.test_path)}
        if given != {self.split.method == "files"}:
            raise ValueError("split.method files and data.events.eval_path and test_path belong together")
        return self

    @model_validator(mode="after")
    def _private_loss_is_separable(self) -> "Config":
        if self.training_privacy.settings is not None:
            require_separable_loss(self.retrieval.model_dump())
            if self.distribution.strategy != "none":
                name = self.distribution.strategy
                raise ValueError(f"distribution.strategy is {name}, but private training has one device")
        return self

    @model_validator(mode="after")
    def _trials_fit_one_device(self) -> "Config":
        divided = self.distribution.shard_tables_above_mb is not None
        if "towers" in self.tuning.stages and divided and self.distribution.strategy == "multi_worker_mirrored":
            raise ValueError(
                "tuning.stages has towers, whose trials run on one device, but distribution.shard_tables_above_mb "
                "divides tables among machines"
            )
        return self

    @model_validator(mode="after")
    def _can_be_tuned(self) -> "Config":
        require_searchable(self.tuning, {"retrieval": self.retrieval, "ranker": self.ranker})
        if self.tuning.stages and self.training.start != "scratch":
            raise ValueError(
                f"tuning.stages is {self.tuning.stages}, but training.start is {self.training.start}: tune in a run "
                "from scratch, and write what it found into the configuration"
            )
        if "towers" in self.tuning.stages and self.training_privacy.settings is not None:
            raise ValueError("tuning.stages has towers, but each trial would spend privacy that nobody counts")
        return self

    @property
    def serving_dir(self) -> Path:
        """The directory whose numbered subdirectories are the pushed versions."""
        return serving_dir(self.run_dir)

    @property
    def event_types(self) -> list[str]:
        """All event types that an objective names, in the order of the file."""
        return [name for objective in self.objectives.values() for name in objective.event_types]


def load_config(path: Path) -> Config:
    """Read and check a configuration file; relative paths in it are relative to the file.

    Raises:
        ConfigError: The file is missing, is not YAML, or a field is missing, unknown or out of range.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: not UTF-8, or a date such as 2017-02-30.
        raise ConfigError(f"{path}: not a YAML file: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: a configuration is a mapping of sections, this is {type(document).__name__}")
    return _resolve_paths(parse_config(document, source=str(path)), path.parent)


def parse_config(document: dict[str, Any], source: str = "configuration") -> Config:
    """Check a configuration that is already a mapping.

    Raises:
        ConfigError: A field is missing, unknown or out of range.
    """
    try:
        return Config.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise ConfigError(f"{source}: {field}: {first['msg'].removeprefix('Value error, ')}") from error


def save_config(config: Config, path: Path) -> None:
    """Write a configuration so that `load_config` gives the same one back."""
    text = yaml.safe_dump(config.model_dump(mode="json", exclude_none=True), sort_keys=False)
    with write_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")


def _resolved(paths: Paths, base: Path) -> Paths:
    if isinstance(paths, list):
        return [str(_resolved(path, base)) for path in paths]
    return paths if "://" in paths else str((base / paths).resolve())


def _resolve_paths(config: Config, base: Path) -> Config:
    config.run_dir = (base / config.run_dir).resolve()
    data = config.data
    for table in (*data.tables.values(), *([data.serving_log] if data.serving_log else [])):
        table.path, table.eval_path, table.test_path = (
            _resolved(paths, base) for paths in (table.path, table.eval_path, table.test_path)
        )
    if data.feedback is not None:
        data.feedback = str((base / data.feedback).resolve())
    if config.text.checkpoint is not None:
        config.text.checkpoint = (base / config.text.checkpoint).resolve()
    if config.training.continue_from is not None:
        config.training.continue_from = (base / config.training.continue_from).resolve()
    return config
