"""A ranker that starts from the weights of an earlier one."""

from dataclasses import dataclass
from typing import Any

from trainer.ranker import Ranker
from trainer.warm_start.carried_parts import carry_part
from trainer.warm_start.continuation import Continuation
from trainer.warm_start.previous_model import PreviousModel
from trainer.warm_start.start_log import tell

_FORM = ("objectives", "given", "feature_count", "vector_size", "hidden", "crosses", "experts")
"""Arguments of `Ranker` that its weights are trained for. How many events are attended to changes no weight."""


@dataclass(frozen=True, eq=False)
class RankerStart:
    """A trained ranker, and how to go on from it.

    Attributes:
        ranker: The earlier ranker.
        epochs: Most epochs to train.
        learning_rate_share: First learning rate, as a share of the one from scratch.
    """

    ranker: Ranker
    epochs: int
    learning_rate_share: float = 1.0

    @classmethod
    def of(cls, previous: PreviousModel, how: Continuation) -> "RankerStart":
        """Read what an earlier model has.

        Raises:
            DamagedFileError: The ranker is missing or damaged.
        """
        return cls(previous.ranker, how.epochs, how.learning_rate_share)

    def fits(self, ranker: Ranker) -> bool:
        """Whether a ranker has the form that the trained weights were trained for."""
        return not self._differences(ranker)

    def carry(self, ranker: Ranker) -> bool:
        """Give an untrained ranker the trained weights, with the scale of the features.

        The scale stays that of the first training. Every weight was trained behind it: with today's means and
        deviations the same weights would compute something else of the same candidate, and the posterior's evidence
        would be about other features. What moves slowly the weights follow.

        The ranker goes over whole or not at all, but for the effects of the slots, which stand beside it.

        Returns:
            Whether the ranker continues; where it does not, it still needs a scale.
        """
        other = self._differences(ranker)
        if other:
            tell("the ranker starts anew: its %s is %s, and was %s", *other[0])
            return False
        for name in ("mean", "deviation"):
            getattr(ranker, name).assign(getattr(self.ranker, name))
        carry_part("effect of the slots", ranker.position_tower, self.ranker.position_tower)
        for variable, trained in zip(_network(ranker), _network(self.ranker), strict=True):
            variable.assign(trained)
        return True

    def _differences(self, ranker: Ranker) -> list[tuple[str, Any, Any]]:
        """Name, value and earlier value of what differs in form."""
        ours, theirs = ranker.get_config(), self.ranker.get_config()
        return [(name, ours[name], theirs[name]) for name in _FORM if ours[name] != theirs[name]]


def _network(ranker: Ranker) -> list[Any]:
    """The trained weights beside the effects of the slots."""
    beside = [] if ranker.position_tower is None else ranker.position_tower.trainable_variables
    known = {id(variable) for variable in beside}
    return [variable for variable in ranker.trainable_variables if id(variable) not in known]
