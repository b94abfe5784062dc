"""What forgetting a user did, and what is left to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter


@dataclass(frozen=True)
class Rewritten:
    """A file with something of the user in it; a part of the feedback log with nothing else is gone.

    Attributes:
        path: The file.
        removed: How many records went or changed.
        what: What they are: rows, examples, slates, outcomes, lines, values, texts or files.
    """

    path: Path
    removed: int
    what: str


@dataclass(frozen=True)
class ForgetReport:
    """Which files named a user, and which models learned from them. It does not say who it was.

    Attributes:
        record: The list of forgotten users, which later runs read.
        rewritten: Files that no longer name the user.
        versions: Pushed versions that were trained with the user.
        models: Models of the pipeline that were trained with the user, pushed or not.
        anonymous: Examples without user ids that were made of the user's events, among others.
        unreadable: Files that may name the user, but cannot be understood, such as those of a killed run.
        absent: The feedback log that the configuration names, if it is not there.
    """

    record: Path
    rewritten: tuple[Rewritten, ...]
    versions: tuple[Path, ...]
    models: tuple[Path, ...]
    anonymous: tuple[Path, ...]
    unreadable: tuple[Path, ...]
    absent: tuple[Path, ...]

    def lines(self) -> Iterator[str]:
        """The report for people, line by line."""
        yield f"Recorded in {self.record}: later runs leave the user's rows out."
        remainders = [
            *(f"model version {path.name}, trained with the user: {path}" for path in self.versions),
            *(f"model of the pipeline, trained with the user: {path}" for path in self.models),
            *(f"examples that do not say whose they are, the user's among them: {path}" for path in self.anonymous),
        ]
        if not self.rewritten and not remainders:
            yield "No stored file and no model has this user."
        yield from (f"Rewritten: {each.path} ({each.removed} {each.what})" for each in self.rewritten)
        if remainders:
            yield "To forget the user fully, run the pipeline again, then delete these:"
        yield from (f"  {remainder}" for remainder in remainders)
        yield from (
            f"Cannot be understood and may name the user; delete it by hand: {path}" for path in self.unreadable
        )
        yield from (f"There is no feedback log where the configuration says: {path}" for path in self.absent)

    def to_json(self) -> str:
        """The report as a JSON document."""
        return _ADAPTER.dump_json(self, indent=2).decode()


_ADAPTER = TypeAdapter(ForgetReport)
