"""A bandit posterior that goes on from the one of an earlier model."""

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from trainer.bandit.evidence import append_constant
from trainer.bandit.posterior import LinearPosterior
from trainer.hyperparameters import Hyperparameters
from trainer.ranker import Ranker
from trainer.utility import Utility
from trainer.warm_start.carried_evidence import carried_evidence
from trainer.warm_start.continuation import Continuation
from trainer.warm_start.feature_map import FeatureMap, FeatureMapSums
from trainer.warm_start.previous_model import PreviousModel
from trainer.warm_start.start_log import tell

_MAP_BATCHES = 16
"""A batch has thousands of candidates, and the map some tens of columns."""


@dataclass(frozen=True, eq=False)
class PosteriorStart:
    """The posterior of an earlier model, with the ranker whose features it is about.

    Attributes:
        ranker: The earlier ranker.
        posterior: The earlier posterior.
        prior_precision: Of every weight in it, before any evidence.
        forgetting: Share of its evidence that is kept.
    """

    ranker: Ranker
    posterior: LinearPosterior
    prior_precision: float
    forgetting: float

    @classmethod
    def of(cls, previous: PreviousModel, how: Continuation, settings: Hyperparameters) -> "PosteriorStart | None":
        """Read what an earlier model has; None where its utility was another one, so that its errors say nothing.

        Call it only where the ranker continues: the last layer of one that was trained anew is about other things.

        Raises:
            DamagedFileError: A part of it is missing or damaged.
        """
        if previous.settings.objectives != settings.objectives:
            tell("the posterior starts anew: the objectives are others")
            return None
        precision = previous.settings.bandit["prior_precision"]
        return cls(previous.ranker, previous.posterior, precision, how.forgetting)

    def added_to(
        self,
        posterior: LinearPosterior,
        ranker: Ranker,
        mined: tf.data.Dataset,
        utility: Utility,
        item_ids: Sequence[str],
    ) -> LinearPosterior:
        """A posterior with the evidence of the earlier one as well, see `carried_evidence`.

        Args:
            posterior: What today's mined candidates say.
            ranker: Today's ranker, which it is about.
            mined: Batches of these candidates: what the two rankers see in them gives the map of the features.
            utility: What the objectives are worth.
            item_ids: Today's catalogue by row.
        """
        by = self._feature_map(ranker, mined, utility)
        evidence = carried_evidence(self.posterior, self.prior_precision, item_ids, by, self.forgetting)
        tell(
            "posterior: %.3f of the earlier evidence is kept, about %d items; the last layer is explained to %.3f",
            self.forgetting * by.explained,
            evidence.items.ids.size,
            by.explained,
        )
        return posterior.with_evidence(evidence)

    def _feature_map(self, ranker: Ranker, mined: tf.data.Dataset, utility: Utility) -> FeatureMap:
        sums = FeatureMapSums.none(ranker.width + 1, self.ranker.width + 1)
        for inputs, labels in mined.take(_MAP_BATCHES):
            exists = labels.numpy()[:, :, 0] >= 0
            layers = [each.last_layer(inputs) for each in (ranker, self.ranker)]
            predicted = [
                utility(tf.sigmoid(each.logits_of(layer)), inputs["rows"])
                for each, layer in zip((ranker, self.ranker), layers, strict=True)
            ]
            today, earlier = (append_constant(layer.numpy()[exists]) for layer in layers)
            sums = sums.add(today, earlier, (predicted[0] - predicted[1]).numpy()[exists])
        return sums.solve()
