"""What a user's own past says of a candidate: how often, how lately, and whether it is due again."""

import tensorflow as tf

from trainer.history_runs import HistoryRuns
from trainer.query_side import QuerySide, decays, decays_in_days

_TAUS = (8.0, 32.0, 128.0, 1e9)
_TAUS_IN_DAYS = (7.0, 30.0, 120.0, 365.0)
_PRIOR_GAPS = 2.0
_NEVER = 1e6


class RepeatFeatures:
    """Counts, ages and the repurchase interval of candidates in the history of who asks.

    A "count" is log(1 + sum of weights) over the events with this item, each weighted exp(-events ago / tau),
    exp(-days ago / tau) or, for an objective, 1 where its type belongs to it. "days_since" is log(1 + days) since the
    latest event with the item. "interval" is log(1 + days) of the days expected between two of them,

        (first - latest + 2 item_interval) / (n - 1 + 2),

    the user's own mean gap shrunk to that of all buyers of the item by two gaps; and "due" is
    log((latest + 1) / (interval + 1)): above 0 when it is later than usual. The last three are 0 for an item that the
    history does not have, and "is_repeat" tells the two apart.
    """

    def __init__(self, objective_types: tf.Tensor, objectives: tuple[str, ...]) -> None:
        """Take what the objectives mean.

        Args:
            objective_types: 1 where an event type (row of its vocabulary) belongs to an objective, float32 [types, O].
            objectives: Names of the O objectives.
        """
        self.objective_types = tf.constant(objective_types, tf.float32)
        self.names = (
            *(f"count_tau_{tau:g}" for tau in _TAUS),
            *(f"count_days_{tau:g}" for tau in _TAUS_IN_DAYS),
            *(f"count_{objective}" for objective in objectives),
            "is_repeat",
            "days_since",
            "interval",
            "due",
        )

    def __call__(self, query: QuerySide, rows: tf.Tensor, item_interval: tf.Tensor) -> tf.Tensor:
        """Features of each candidate.

        Args:
            query: B requests.
            rows: Catalogue rows, int32 [B, N].
            item_interval: Mean days between two purchases of each candidate by one user, float32 [B, N].

        Returns:
            float32 [B, N, F] in the order of `names`.
        """
        runs = HistoryRuns.of(query.history)
        places, is_there = runs.find(rows)
        by_event = decays(query.steps, _TAUS)
        of_objective = tf.gather(self.objective_types, tf.maximum(query.event_types, 0)) * by_event[:, :, -1:]
        weights = tf.concat([by_event, decays_in_days(query, _TAUS_IN_DAYS), of_objective], axis=2)
        span = runs.largest(tf.stack([-query.ages, query.ages], axis=2))
        of_run = tf.gather(tf.concat([runs.sums(weights), span], axis=2), places, batch_dims=1)
        counts = tf.where(is_there[:, :, tf.newaxis], of_run[:, :, :-2], 0.0)
        latest = tf.where(is_there, -of_run[:, :, -2], _NEVER)
        first = tf.where(is_there, tf.maximum(of_run[:, :, -1], 0.0), 0.0)
        times = counts[:, :, len(_TAUS) - 1]
        return tf.concat([tf.math.log1p(counts), _rhythm(latest, first, times, item_interval)], axis=2)


def _rhythm(latest: tf.Tensor, first: tf.Tensor, times: tf.Tensor, item_interval: tf.Tensor) -> tf.Tensor:
    """The last four features, float32 [B, N, 4].

    Args:
        latest: Days since the latest event with each candidate, float32 [B, N].
        first: The same of the first event.
        times: Events with each candidate.
        item_interval: As in `RepeatFeatures`.
    """
    # Rounding must not make an item that was never chosen look as if it had been.
    is_repeat = times > 0.5
    gaps = tf.maximum(times - 1.0, 0.0)
    interval = (tf.maximum(first - latest, 0.0) + _PRIOR_GAPS * item_interval) / (gaps + _PRIOR_GAPS)
    values = [
        tf.math.log1p(latest),
        tf.math.log1p(interval),
        tf.math.log((latest + 1.0) / (interval + 1.0)),
    ]
    known = tf.cast(is_repeat, tf.float32)
    return tf.stack([known, *(tf.where(is_repeat, value, 0.0) for value in values)], axis=2)
