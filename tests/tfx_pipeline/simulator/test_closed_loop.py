"""Show, log, join, update and show again: the parts of the product, with generated users in the place of real ones."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from serving.answers import RankedItem, Slate
from serving.feedback.log import FeedbackLog
from tfx_pipeline.benchmarks.bandit.regret import pair_features
from tfx_pipeline.feedback.join import joined_log
from tfx_pipeline.simulator.hidden_truth import HiddenTruth
from tfx_pipeline.simulator.learner_view import LearnerView
from tfx_pipeline.simulator.marks import item_ids, user_ids
from tfx_pipeline.simulator.optimum import regret
from tfx_pipeline.simulator.outcomes import PURCHASE, SECONDS_PER_SLOT, SECONDS_TO_PURCHASE, GeneratedUsers
from tfx_pipeline.simulator.requests import GeneratedRequests
from tfx_pipeline.simulator.settings import SECONDS_PER_DAY, SimulatorSettings
from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.posterior import LinearPosterior
from trainer.bandit.settings import ExplorationSettings

SLOTS, CANDIDATES, REQUESTS, ROUNDS = 3, 12, 150, 3
WINDOW = SECONDS_PER_SLOT * SLOTS + SECONDS_TO_PURCHASE
OBJECTIVES = {"click": (["click"], 1.0), "purchase": ([PURCHASE], 0.5)}


class Loop:
    """A shop from question to answer: who asks, what is shown, what is logged and what is learned."""

    def __init__(self, folder: Path) -> None:
        self.truth = HiddenTruth.draw(SimulatorSettings(users=60, items=30, new_items=5, days=20, purchase_value=0.5))
        self.view = LearnerView.of(self.truth)
        self.users = GeneratedUsers(self.truth)
        self.catalogue = item_ids(np.arange(35))
        self.posterior = LinearPosterior.prior(25, 10.0, 0.1, 40.0)
        self.head = ExplorationHead(self.posterior, self.catalogue, ExplorationSettings(draws=32))
        self.choose = tf.function(self.head.choose)
        self.folder = folder

    def show(self, round_number: int) -> tuple[GeneratedRequests, np.ndarray]:
        """Answer and log one round of visits; the visits, and the rows of the items shown [REQUESTS, SLOTS]."""
        visits = GeneratedRequests.draw(self.truth, REQUESTS, CANDIDATES, seed=round_number)
        users = self.view.user_features(visits.users, visits.days)
        features = pair_features(users, self.view.item_features[visits.candidates])
        slate = self.choose(
            policy_names=tf.fill([REQUESTS], "thompson"),
            predicted_utility=tf.zeros([REQUESTS, CANDIDATES]),
            features=tf.constant(features, tf.float32),
            rows=tf.constant(visits.candidates, tf.int32),
            valid=tf.ones([REQUESTS, CANDIDATES], tf.bool),
            k=tf.constant(SLOTS),
            seed=tf.range(REQUESTS, dtype=tf.int64),
        )
        places = slate.indices.numpy()
        shown = np.take_along_axis(visits.candidates, places, axis=1)
        parts = (slate.scores.numpy(), slate.propensities.numpy(), slate.inclusions.numpy())
        slots = np.take_along_axis(features, places[..., None], axis=1)
        with FeedbackLog(self.folder / str(round_number)) as log:
            for row, request_id in enumerate(visits.request_ids):
                items = [
                    RankedItem(item_id, float(score), float(chance), "ann", float(inclusion), 0.0, phi.tolist())
                    for item_id, score, chance, inclusion, phi in zip(
                        item_ids(shown[row]), *(part[row] for part in parts), slots[row], strict=True
                    )
                ]
                answer = Slate(f"{round_number}-{request_id}", "1", "thompson", items)
                asked_by, at = user_ids(visits.users[row : row + 1]), int(visits.timestamps[row])
                log.shown([answer], {"user_ids": asked_by, "k": SLOTS}, now=at)
                for outcome in self.users.answer([answer], asked_by, at):
                    log.outcome(
                        outcome.request_id, outcome.item_id, outcome.event_type, outcome.timestamp, outcome.value
                    )
        return visits, shown

    def learn(self, round_number: int) -> int:
        """Fold the log of a round in; the number of rows."""
        after = self.truth.settings.start + SECONDS_PER_DAY * 365
        joined = joined_log(self.folder / str(round_number), OBJECTIVES, WINDOW, now=after)
        self.posterior = self.posterior.update(
            joined.features, joined.rewards - joined.predicted, list(joined.item_ids)
        )
        self.head.set_posterior(self.posterior)
        assert joined.counts.counted == joined.counts.outcomes > 0
        return len(joined.rewards)


@pytest.fixture(scope="module")
def regrets(tmp_path_factory: pytest.TempPathFactory) -> list[float]:
    loop = Loop(tmp_path_factory.mktemp("log"))
    means = []
    for round_number in range(ROUNDS):
        visits, shown = loop.show(round_number)
        means.append(float(regret(loop.truth, visits, shown).mean()))
        assert loop.learn(round_number) == REQUESTS * SLOTS
    return means


def test_what_is_learned_from_the_log_lowers_regret(regrets: list[float]) -> None:
    assert all(mean > 0 for mean in regrets)
    assert regrets[-1] < 0.4 * regrets[0]
