"""Learns which coupon to send to which household, and to whom none at all, within a budget of coupons.

The exploration head of the ranker is used by itself: its posterior over a few features and an intercept of each coupon,
its policies, and a budget that is spent evenly. What happens is replayed from the campaigns of Complete Journey, see
coupon_mailings.py: nothing is made up. Taken for granted is that a household redeems a coupon whether or not it got the
others, and that it answers before the next batch of mailings. Run it as `.venv/bin/python examples/coupon_slots.py`;
it takes about a minute.
"""

import argparse
import os
from dataclasses import dataclass

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np
import tensorflow as tf
from coupon_mailings import NOTHING, Mailings, mailings_of, read_offers

from tfx_pipeline.datasets.complete_journey import package_folder
from trainer.bandit.budget import BudgetPacer
from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.posterior import LinearPosterior
from trainer.bandit.settings import ExplorationSettings

POLICIES = ("greedy", "thompson", "uniform")
EXPECTED_RATE = 0.02
"""Share of sent coupons that are redeemed, as believed before the first mailing."""
PRIOR_PRECISION, ITEM_PRECISION = 400.0, 400.0
"""In 1 / dollars^2: a coupon is believed to be worth some 5 cents more or less than expected."""
MAILINGS_AT_ONCE, DRAWS = 20, 64


@dataclass(frozen=True)
class Outcome:
    """What one policy got for its budget: numbers of coupons, and dollars."""

    sent: int
    redemptions: int
    worth: float

    def plus(self, worth: np.ndarray) -> "Outcome":
        """With the coupons of these worths sent as well, 0 for one that was not redeemed."""
        redemptions = self.redemptions + int((worth > 0).sum())
        return Outcome(self.sent + len(worth), redemptions, self.worth + float(worth.sum()))


class CouponHead:
    """The exploration head over the coupons, traced once for all replays."""

    def __init__(self, mailings: Mailings) -> None:
        """A head without evidence."""
        # The variance of a redemption's worth, about, as believed before the first mailing.
        noise_variance = EXPECTED_RATE * float((mailings.value[mailings.valid] ** 2).mean())
        dimension = mailings.features.shape[2]
        self.prior = LinearPosterior.prior(dimension, PRIOR_PRECISION, noise_variance, ITEM_PRECISION)
        settings = ExplorationSettings(draws=DRAWS, never_explore=(NOTHING,))
        self.head = ExplorationHead(self.prior, mailings.coupons, settings)
        shapes = [("string", []), ("float32", [None]), ("float32", [None, dimension]), ("int32", [None])]
        shapes += [("bool", [None]), ("int64", [])]
        names, *others, seed = (tf.TensorSpec([None, *shape], dtype) for dtype, shape in shapes)
        self._choose = tf.function(
            lambda *given: self.head.choose(*given[:5], tf.constant(1), given[5]).indices[:, 0],
            input_signature=[names, *others, seed],
        )

    def choose(self, policy: str, *given: np.ndarray) -> np.ndarray:
        """Columns of the chosen candidates, [B]; arguments after the policy as in `ExplorationHead.choose`."""
        return self._choose(tf.fill([len(given[0])], policy), *given).numpy()


def replay(mailings: Mailings, coupon_head: CouponHead, policy: str, budget: int, seed: int) -> Outcome:
    """Sends at most one coupon a mailing and `budget` in all, learning after every `MAILINGS_AT_ONCE` mailings."""
    count = len(mailings.campaigns)
    pacer = BudgetPacer.plan(budget, count, largest_price=EXPECTED_RATE * mailings.value.max(), largest_cost=1.0)
    posterior, random = coupon_head.prior, np.random.default_rng(seed)
    predicted = EXPECTED_RATE * mailings.value
    cost = (np.arange(mailings.rows.shape[1]) > 0).astype(float)
    outcome = Outcome(0, 0, 0.0)
    for start in range(0, count, MAILINGS_AT_ONCE):
        part = np.arange(start, min(start + MAILINGS_AT_ONCE, count))
        # All of them are chosen at one price, so the last of them must be affordable if all before it cost something.
        valid = mailings.valid[part] & ((cost == 0) | pacer.affordable(np.arange(1, len(part) + 1))[:, None])
        if policy == "uniform":
            chosen = _uniform(valid, pacer.rate, random)
        else:
            coupon_head.head.set_posterior(posterior)
            paced = pacer.paced(predicted[part], cost).astype(np.float32)
            seeds = random.integers(0, 2**62, len(part))
            chosen = coupon_head.choose(policy, paced, mailings.features[part], mailings.rows[part], valid, seeds)
        for column in chosen:
            pacer = pacer.after(cost[column])
        sent = part[chosen > 0], chosen[chosen > 0]
        worth = mailings.value[sent] * mailings.redeemed[sent]
        outcome = outcome.plus(worth)
        ids = [mailings.coupons[row] for row in mailings.rows[sent]]
        posterior = posterior.update(mailings.features[sent], worth - predicted[sent], ids)
    return outcome


def best_in_hindsight(mailings: Mailings, budget: int) -> Outcome:
    """The most that the budget could bring if it were known in advance what is redeemed."""
    best = np.sort((mailings.value * mailings.redeemed).max(axis=1))[::-1][:budget]
    redeemed = int((best > 0).sum())
    return Outcome(redeemed, redeemed, float(best.sum()))


def table(mailings: Mailings, budgets: list[int], seeds: int) -> list[str]:
    """Lines of a table: mean and standard error over the seeds."""
    coupon_head = CouponHead(mailings)
    lines = [f"{'budget':>6}  {'policy':<18} {'sent':>6} {'redemptions':>16} {'dollars':>18}"]
    for budget in budgets:
        for policy in POLICIES:
            outcomes = [replay(mailings.shuffled(seed), coupon_head, policy, budget, seed) for seed in range(seeds)]
            got = np.array([(one.sent, one.redemptions, one.worth) for one in outcomes])
            mean, error = got.mean(axis=0), got.std(axis=0, ddof=min(1, seeds - 1)) / np.sqrt(seeds)
            redemptions, dollars = f"{mean[1]:.1f} ± {error[1]:.1f}", f"{mean[2]:.1f} ± {error[2]:.1f}"
            lines.append(f"{budget:>6}  {policy:<18} {mean[0]:>6.0f} {redemptions:>16} {dollars:>18}")
        best = best_in_hindsight(mailings, budget)
        lines.append(
            f"{budget:>6}  {'best in hindsight':<18} {best.sent:>6} {best.redemptions:>16} {best.worth:>18.1f}"
        )
    return lines


def _uniform(valid: np.ndarray, rate: float, random: np.random.Generator) -> np.ndarray:
    """A coupon at random for a share of the mailings, [M]; 0 sends none."""
    noise = np.where(valid[:, 1:], random.random((len(valid), valid.shape[1] - 1)), -1.0)
    sends = (random.random(len(valid)) < rate) & valid[:, 1:].any(axis=1)
    return np.where(sends, noise.argmax(axis=1) + 1, 0)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budgets", type=int, nargs="+", default=[250, 500, 1000], help="coupons that may be sent")
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    mailings = mailings_of(read_offers(package_folder()))
    pairs, redeemed = int(mailings.valid[:, 1:].sum()), int(mailings.redeemed.sum())
    print(f"replayed: {len(mailings.campaigns):,} mailings, {pairs:,} coupons in them, {redeemed} of them redeemed")
    print("\n".join(table(mailings, arguments.budgets, arguments.seeds)))


if __name__ == "__main__":
    main()
