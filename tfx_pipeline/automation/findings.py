"""What was found: users and items whose behaviour looks automated, and how many were looked at."""

from dataclasses import dataclass

from tfx_pipeline.number_format import format_count


@dataclass(frozen=True)
class Suspect:
    """A user or an item with a high score.

    Attributes:
        name: Its id as stored.
        score: The score.
        events: Events before the eval window.
        reasons: Why, in words, the strongest first.
    """

    name: str
    score: float
    events: int
    reasons: list[str]


@dataclass(frozen=True)
class Looked:
    """What became of one side, the users or the items.

    Attributes:
        all: How many have events before the eval window.
        scored: How many of them have enough events for a score.
        events: Events of all.
        suspects: Those whose score reaches the threshold, the highest first.
    """

    all: int
    scored: int
    events: int
    suspects: list[Suspect]

    @property
    def suspect_events(self) -> int:
        """Events of the suspects."""
        return sum(suspect.events for suspect in self.suspects)


@dataclass(frozen=True)
class Findings:
    """What the scan of a shop found.

    Attributes:
        users: The users.
        items: The items.
        threshold: Score from which on they are listed.
        left_out: Whether training goes without the events of these users.
    """

    users: Looked
    items: Looked
    threshold: float
    left_out: bool = False

    def notes(self) -> list[str]:
        """Sentences with the counts."""
        users = self.users
        counted = f"{format_count(len(users.suspects))} of {format_count(users.scored)} users"
        events = f"{format_count(users.suspect_events)} of {format_count(users.events)} events"
        what = "are left out of training, and kept in quarantined_events.csv" if self.left_out else "stay in training"
        items = f"{format_count(len(self.items.suspects))} of {format_count(self.items.scored)} items"
        return [
            f"Behaviour that looks automated (score from {self.threshold:g} on): {counted}; their {events} before the "
            f"eval window {what}.",
            f"Demand that looks automated: {items}; items are only listed.",
        ]
