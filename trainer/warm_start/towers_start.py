"""Towers that start from those of an earlier model, over vocabularies that have changed."""

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops
from keras.layers import Layer

from trainer.features import BRAND, EVENT_TYPES, ITEM_ID, USER_ID
from trainer.preprocessing import CATEGORY_LEVELS
from trainer.retrieval import TwoTowerModel
from trainer.user_events import SECONDS_A_DAY
from trainer.warm_start.carried_parts import carry_part
from trainer.warm_start.continuation import Continuation
from trainer.warm_start.previous_model import PreviousModel
from trainer.warm_start.row_match import NEW, Rows, carried_rows, match_rows
from trainer.warm_start.start_log import tell

VOCABULARIES = (USER_ID, ITEM_ID, EVENT_TYPES, BRAND, *CATEGORY_LEVELS)
"""Those that the towers have tables over."""


@dataclass(frozen=True, eq=False)
class TowersStart:
    """Trained towers, and how to go on from them.

    Attributes:
        towers: The earlier towers.
        matches: Row of each word of today's vocabularies in the earlier ones, by the names in `VOCABULARIES`.
        epochs: Epochs to train.
        learning_rate_share: First learning rate, as a share of the one from scratch.
        since: Only events after this time are predicted, epoch seconds; None for all.
    """

    towers: TwoTowerModel
    matches: Mapping[str, Rows]
    epochs: int
    learning_rate_share: float = 1.0
    since: int | None = None

    @classmethod
    def of(
        cls, previous: PreviousModel, words: Mapping[str, np.ndarray], how: Continuation, has_shared_cut: bool
    ) -> "TowersStart":
        """Read what an earlier model has.

        Args:
            previous: The earlier model.
            words: Today's vocabularies, by the names in `VOCABULARIES`.
            how: Epochs and rates.
            has_shared_cut: Whether the windows of all users end at one time; else there is no end to go on from.

        Raises:
            DamagedFileError: A part of it is missing or damaged.
        """
        end = previous.span.end if has_shared_cut else None
        return cls(
            towers=previous.towers,
            matches={name: match_rows(previous.words(name), words[name]) for name in VOCABULARIES},
            epochs=how.epochs,
            learning_rate_share=how.learning_rate_share,
            since=None if end is None else end - round(how.overlap_days * SECONDS_A_DAY),
        )

    def carry(self, model: TwoTowerModel) -> None:
        """Give an untrained model with its catalogue (`set_items`) what the earlier one has learned.

        Users, items, categories, brands and event types that stay keep their vectors bit for bit. A new item has the
        id vector of the unknown item, and a new user that of the unknown user: text, category and history carry them.
        A new category, brand or event type has the mean vector of the known ones. What the two models do not both
        have, or not in one form, starts anew, and the log tells so. Nothing of the optimizer's is carried.
        """
        self._carry_items(model)
        self._carry_users(model)
        for name, now, earlier in _small_tables(model, self.towers):
            self._carry_words(name, now, earlier)
        for name, now, earlier in _parts(model, self.towers):
            carry_part(name, now, earlier)

    @property
    def item_match(self) -> Rows:
        """Row of each of today's items in the earlier catalogue."""
        return self.matches[ITEM_ID]

    def known_users(self) -> Rows:
        """Rows of today's users whose vector the earlier model has learned, [N]."""
        rows, match = _values(self.towers.user_rows), self.matches[USER_ID]
        if not self.towers.user_count:
            return np.zeros(0, np.int64)
        return np.flatnonzero((match != NEW) & (rows[match] == match))

    def _carry_items(self, model: TwoTowerModel) -> None:
        match, rows = self.item_match, _values(self.towers.id_rows)
        carried = [
            _carry_table("id vectors of the items", now, earlier, rows, match)
            for now, earlier in (
                (model.item_embedding, self.towers.item_embedding),
                (model.history_embedding, self.towers.history_embedding),
            )
            if now is not None
        ]
        if all(carried):
            # An item that stays needs no event in the new windows to be known by its own vector.
            is_known = np.append((match != NEW) & (rows[match] == match), False)
            today = _values(model.id_rows)
            model.id_rows.assign(np.where(is_known, np.arange(len(today)), today).astype(np.int32))
        tell("items: %d stay, %d are new", int((match != NEW).sum()), int((match == NEW).sum()))

    def _carry_users(self, model: TwoTowerModel) -> None:
        if not model.user_count:
            return
        match = self.matches[USER_ID]
        earlier = self.towers.query_tower.user_embedding if self.towers.user_count else None
        rows = _values(self.towers.user_rows)
        _carry_table("vectors of the users", model.query_tower.user_embedding, earlier, rows, match)
        tell("users: %d stay, %d are new", int((match != NEW).sum()), int((match == NEW).sum()))

    def _carry_words(self, name: str, now: Layer | None, earlier: Layer | None) -> None:
        if now is None:
            return
        trained = None if earlier is None else _values(earlier.embeddings)
        mean = None if trained is None or len(trained) < 2 else trained[:-1].mean(axis=0)
        _carry_table(f"vectors of {name}", now, earlier, None, self.matches[name], mean)


def _carry_table(
    name: str,
    now: Layer,
    earlier: Layer | None,
    rows: np.ndarray | None,
    match: Rows,
    stand_in: np.ndarray | None = None,
) -> bool:
    """Carry a table of vectors; `rows` are those that the earlier model really looked up for each word."""
    trained = None if earlier is None else _values(earlier.embeddings)
    width = now.embeddings.shape[1]
    if trained is None or trained.shape[1] != width:
        told = "the earlier model has none" if trained is None else f"of length {width}, and were of {trained.shape[1]}"
        tell("the %s start anew: %s", name, told)
        return False
    now.embeddings.assign(carried_rows(trained if rows is None else trained[rows], match, stand_in))
    return True


def _small_tables(now: TwoTowerModel, earlier: TwoTowerModel) -> list[tuple[str, Layer | None, Layer | None]]:
    """Name, table and earlier table of what has few words."""
    ours, theirs = now.item_tower, earlier.item_tower
    tables = [(BRAND, _first(ours.brand_embeddings), _first(theirs.brand_embeddings))]
    trained = [*theirs.category_embeddings, *([None] * len(ours.category_embeddings))]
    tables += list(zip(CATEGORY_LEVELS, ours.category_embeddings, trained, strict=False))
    path = ("query_tower", "event_embedding", "type_embedding")
    return [*tables, (EVENT_TYPES, _at(now, path), _at(earlier, path))]


def _parts(now: TwoTowerModel, earlier: TwoTowerModel) -> list[tuple[str, Layer | None, Layer | None]]:
    """Name, part and earlier part of what has no rows of a vocabulary."""

    def pair(name: str, *path: str) -> tuple[str, Layer | None, Layer | None]:
        return name, _at(now, path), _at(earlier, path)

    return [
        pair("history encoder", "query_tower", "history_encoder"),
        pair("embedding of the gaps between events", "query_tower", "event_embedding", "gap_embedding"),
        pair("embedding of the time since the last event", "query_tower", "time_since_last_event"),
        pair("network of the query tower", "query_tower", "perceptron"),
        pair("network of the item tower", "item_tower", "perceptron"),
        pair("temperature of the softmax", "softmax"),
    ]


def _at(model: keras.Model, path: tuple[str, ...]) -> Layer | None:
    found = model
    for name in path:
        found = getattr(found, name, None)
    return found


def _first(layers: list[Layer]) -> Layer | None:
    return layers[0] if layers else None


def _values(variable: keras.Variable) -> np.ndarray:
    return ops.convert_to_numpy(variable)
