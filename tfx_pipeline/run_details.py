"""What a run knows beside its tables and metrics: training curves, sample users, exploration, versions."""

from dataclasses import dataclass, field

from tfx_pipeline.answer_table import Answer


@dataclass(frozen=True)
class TrainingCurve:
    """What a model's training printed, epoch by epoch.

    Attributes:
        model: Name of the model, such as `towers` or `ranker`.
        metrics: Metric such as `loss` or `val_loss` -> its value after each epoch; all lists have one length.
    """

    model: str
    metrics: dict[str, tuple[float, ...]]


@dataclass(frozen=True)
class PastItem:
    """An item of a user's history.

    Attributes:
        item_id: The item.
        title: Its title; empty if it has none.
        event_type: What the user did.
        days_ago: Days before the cut; None where the shop has no clock.
    """

    item_id: str
    title: str
    event_type: str
    days_ago: float | None


@dataclass(frozen=True)
class ExampleUser:
    """What one user did, what the model would show, and what the user then did.

    Attributes:
        user_id: The user.
        why: Why this user was chosen, such as `long history`.
        history: Latest items before the cut, latest first.
        answers: The model's answer, best first.
        hits: Ids of the answers that the user did take in the window.
        targets: Number of distinct items that the user took in the window.
    """

    user_id: str
    why: str
    history: tuple[PastItem, ...]
    answers: tuple[Answer, ...]
    hits: tuple[str, ...]
    targets: int


@dataclass(frozen=True)
class Exploration:
    """How much a policy explores, measured on sample users.

    Attributes:
        policy: Name of the policy.
        is_default: Whether requests that name no policy get it.
        users: Number of sample users.
        slots: Slots of their slates.
        explored_share: Share of the slots whose item is not the greedy one of that slot.
        median_propensity: Median chance that the policy had of putting that item there.
        low_propensity_share: Share of slots with a propensity below `low_propensity`.
        low_propensity: Below this, weights of an off-policy estimate are large and its interval wide.
    """

    policy: str
    is_default: bool
    users: int
    slots: int
    explored_share: float
    median_propensity: float
    low_propensity_share: float
    low_propensity: float


@dataclass(frozen=True)
class Versions:
    """What a run was made of.

    Attributes:
        packages: Package -> version.
        hashes: What was hashed, such as `code`, `configuration` or `data` -> the hash.
        seed: Seed of the run.
    """

    packages: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    seed: int | None = None
