"""An exported SavedModel that is asked to search, as a server would ask it."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tfx_pipeline.evaluate.saved_model import check_signatures


class SavedModelSearch:
    """Searches by the signature `recommend`, with the greedy policy."""

    def __init__(self, folder: Path) -> None:
        """Look at a model; it is loaded when it is first asked.

        Raises:
            DataError: It is no SavedModel, or has not the signatures of a servable.
        """
        check_signatures(folder)
        self._folder = str(folder)

    def __call__(self, queries: Sequence[str], k: int) -> Iterator[list[tuple[str, float]]]:
        """Item ids and scores for each query, best first."""
        import tensorflow as tf

        from tfx_pipeline.served_ranker import call_signature, no_filters

        rows = len(queries)
        nothing = tf.fill([rows, 1], "")
        answer = call_signature(
            self._model,
            "recommend",
            user_id=tf.fill([rows], ""),
            history_item_ids=nothing,
            history_event_types=nothing,
            history_ages=tf.zeros([rows, 1]),
            query=tf.constant(list(queries)),
            **no_filters(rows),
            k=tf.fill([rows], k),
            policy=tf.fill([rows], "greedy"),
            seed=tf.zeros([rows], tf.int64),
        )
        for items, scores in zip(answer["item_ids"].numpy(), answer["scores"].numpy(), strict=True):
            yield [(item.decode(), float(score)) for item, score in zip(items, scores, strict=True) if item]

    @cached_property
    def _model(self) -> Any:
        import tensorflow as tf
        import tensorflow_text  # noqa: F401  registers the ops of the tokenizer

        return tf.saved_model.load(self._folder)
