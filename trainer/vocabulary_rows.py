"""Rows of a vocabulary of the transform graph, looked up without the rest of that graph."""

import tensorflow as tf
import tensorflow_transform as tft


class VocabularyRows(tf.Module):
    """What `tft.apply_vocabulary` says with one row for unknown words, after the last.

    The layer of the whole transform graph answers the same for a feature of its inputs, at many times the cost.
    """

    def __init__(self, transform: tft.TFTransformOutput, name: str) -> None:
        """Take a vocabulary by its name; its file becomes an asset of the SavedModel."""
        super().__init__(name=f"rows_of_{name}")
        words = tf.lookup.TextFileInitializer(
            transform.vocabulary_file_by_name(name),
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        self._table = tf.lookup.StaticHashTable(words, default_value=transform.vocabulary_size_by_name(name))

    def __call__(self, words: tf.Tensor) -> tf.Tensor:
        """Rows of words, string to int64 of the same shape."""
        return self._table.lookup(words)
