"""What the run functions start from, where their training continues from an earlier model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from trainer.bandit.posterior import LinearPosterior
from trainer.catalogue import vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.item_texts import ItemTexts
from trainer.ranker import Ranker
from trainer.user_events import UserEvents
from trainer.utility import Utility
from trainer.warm_start.continuation import Continuation
from trainer.warm_start.posterior_start import PosteriorStart
from trainer.warm_start.previous_model import PreviousModel
from trainer.warm_start.ranker_start import RankerStart
from trainer.warm_start.start_log import tell
from trainer.warm_start.text_alignment import aligned_texts
from trainer.warm_start.towers_start import VOCABULARIES, TowersStart

_OF_ALL_VECTORS = ("dimension", "history_encoder", "history_vectors")
"""Settings of the section `retrieval` without which no vector of the earlier towers means anything in today's."""


def towers_start(
    custom_config: Mapping[str, Any], transform: tft.TFTransformOutput, settings: Hyperparameters
) -> TowersStart | None:
    """What the towers start from; None for a training from scratch.

    Args:
        custom_config: TFX's, see `Continuation`.
        transform: Today's transform graph.
        settings: Today's settings.

    Raises:
        ModelPartsError: The earlier model does not say what it was made of, or a part is gone.
        DamagedFileError: A part of it cannot be read.
    """
    how = Continuation.of(custom_config)
    if how is None:
        return None
    previous = PreviousModel.load(how.version, how.artifacts)
    for name in _OF_ALL_VECTORS:
        ours, theirs = settings.retrieval[name], previous.settings.retrieval.get(name)
        if ours != theirs:
            # Of one epoch over the latest events towers learn little that have nothing to go on from.
            tell("the towers start from scratch: retrieval.%s is %s, and was %s", name, ours, theirs)
            return None
    tell("the towers continue from version %s", how.version.name)
    words = {name: vocabulary(transform, name) for name in VOCABULARIES}
    return TowersStart.of(previous, words, how, settings.shared_cut)


def texts_to_start_with(texts: ItemTexts, start: TowersStart | None) -> ItemTexts:
    """Texts in the coordinates that the towers were trained with, see `aligned_texts`."""
    earlier = None if start is None else start.towers.items.tables.get("texts")
    if start is None or earlier is None:
        return texts
    return aligned_texts(texts, np.asarray(earlier), start.item_match)


def windows_to_learn(windows: UserEvents, start: TowersStart | None) -> tuple[UserEvents, TowersStart | None]:
    """The training windows with the targets that are to be learned, and the start that says which these are.

    Without an event after the earlier training all are learned again.
    """
    if start is None or start.since is None:
        return windows, start
    is_new = windows.is_target & (windows.timestamps > start.since)
    if not is_new.any():
        tell("no event is later than the earlier training: the towers learn all of them again")
        return windows, replace(start, since=None)
    tell("the towers learn %d of %d events, the later ones", int(is_new.sum()), int(windows.is_target.sum()))
    return replace(windows, is_target=is_new), start


def window_count(windows: UserEvents) -> int:
    """Windows with a target."""
    return len(np.unique(windows.owners[windows.is_target]))


def trained_users(windows: UserEvents, start: TowersStart | None) -> np.ndarray:
    """Rows of the users with a vector of their own: those of the windows, and those that the earlier towers knew."""
    users = windows.users[np.unique(windows.owners[windows.is_target])]
    return users if start is None else np.union1d(users, start.known_users())


@dataclass(frozen=True, eq=False)
class RankingStart:
    """What ranker and posterior start from.

    Attributes:
        previous: The earlier model.
        how: How to go on from it.
        ranker: What the ranker starts from.
    """

    previous: PreviousModel
    how: Continuation
    ranker: RankerStart

    @classmethod
    def of(cls, custom_config: Mapping[str, Any]) -> "RankingStart | None":
        """Read the earlier model; None for a training from scratch.

        Raises:
            ModelPartsError: The earlier model does not say what it was made of, or a part is gone.
            DamagedFileError: The ranker cannot be read.
        """
        how = Continuation.of(custom_config)
        if how is None:
            return None
        previous = PreviousModel.load(how.version, how.artifacts)
        tell("the ranker continues from version %s", how.version.name)
        return cls(previous, how, RankerStart.of(previous, how))

    def add_evidence(
        self,
        posterior: LinearPosterior,
        ranker: Ranker,
        mined: tf.data.Dataset,
        settings: Hyperparameters,
        utility: Utility,
        item_ids: list[str],
    ) -> LinearPosterior:
        """Today's posterior with what is left of the earlier one, see `PosteriorStart.added_to`.

        Raises:
            DamagedFileError: The earlier posterior cannot be read.
        """
        if not self.ranker.fits(ranker):
            tell("the posterior starts anew, as the ranker does")
            return posterior
        start = PosteriorStart.of(self.previous, self.how, settings)
        return posterior if start is None else start.added_to(posterior, ranker, mined, utility, item_ids)
