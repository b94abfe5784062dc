"""Candidates of the ranker's window, mined in two parts: those that trials learn from, and those that judge them.

What the ranker is trained on holds each user several times over, in all situations of `trainer.case_variants`. Users
who judge must not be learned from in any of them, so the window is divided by users before it is mined.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import tensorflow_transform as tft

from trainer import features
from trainer.case_variants import case_variants
from trainer.catalogue import vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.mined_examples import write_mined
from trainer.mining import Cases, cases_of, mine, request_times
from trainer.retrieval_graph import RetrievalGraph, event_type_rows
from trainer.retrieval_package import RetrievalPackage
from trainer.text_encoder import TextEncoder, encode_texts
from trainer.user_events import read_user_events

HELD_OUT_SHARE = 0.2
MOST_HELD_OUT = 1_000
"""Users; more do not tell trials apart any better."""


@dataclass(frozen=True, eq=False)
class Miner:
    """Mines the ranker's window as of its start.

    Attributes:
        transform: The transform graph.
        package: The towers.
        graph: Candidates and features over it, as of the start of the ranker's window.
        encoder: Reads queries.
        settings: Objectives, history and counts.
    """

    transform: tft.TFTransformOutput
    package: RetrievalPackage
    graph: RetrievalGraph
    encoder: TextEncoder
    settings: Hyperparameters

    def cases(self, files: list[str]) -> Cases:
        """The cases of the ranker's window."""
        event_types = list(vocabulary(self.transform, features.EVENT_TYPES))
        events = read_user_events(files)
        one_event = self.settings.history["ranker_cases"] == "event"
        return cases_of(
            events,
            self.settings.history["length"],
            len(self.package.catalogue),
            event_type_rows(self.settings.label_events, event_types),
            self.package.reducer.dimension,
            request_times(events, each_by_itself=one_event or not self.settings.shared_cut),
        )

    def write(self, cases: Cases, path: Path) -> int:
        """Mine cases in all their situations and write the candidates; the number of cases with some."""
        unknown_user = self.transform.vocabulary_size_by_name(features.USER_ID)
        catalogue = self.package.catalogue
        variants = case_variants(cases, catalogue, self._encode, unknown_user, self.settings.seed)
        attended = self.settings.ranker["attended_events"]
        mined = (
            mine(self.graph, each.cases, catalogue, each.new_only, attended) for each in variants if len(each.cases)
        )
        return write_mined((case for part in mined for case in part), path)

    def _encode(self, texts: list[str]) -> np.ndarray:
        return self.package.reducer.reduce(encode_texts(self.encoder, texts)).numpy()


def divide_by_user(cases: Cases, seed: int) -> tuple[Cases, Cases]:
    """Cases to learn from and cases to judge by; no user is in both.

    Args:
        cases: At least two users.
        seed: Seed of the choice.

    Raises:
        ValueError: There are fewer than two users.
    """
    users = np.unique(cases.users)
    if len(users) < 2:
        raise ValueError(f"tuning of the ranker: {len(users)} users in its window, and some have to be held out")
    count = min(max(round(HELD_OUT_SHARE * len(users)), 1), MOST_HELD_OUT)
    held_out = np.random.default_rng(seed).choice(users, count, replace=False)
    is_held_out = np.isin(cases.users, held_out)
    return _part(cases, ~is_held_out), _part(cases, is_held_out)


def _part(cases: Cases, kept: np.ndarray) -> Cases:
    """Some of the cases; targets are found by the number of a case."""
    return replace(
        cases, **{each.name: getattr(cases, each.name)[kept] for each in fields(cases) if each.name != "targets"}
    )
