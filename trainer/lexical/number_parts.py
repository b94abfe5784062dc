"""Words such as 10mm, of letters and digits: the parts that a shop may have written apart."""

import tensorflow as tf


def known_parts(words: tf.Tensor, numbers: tf.lookup.StaticHashTable) -> tuple[tf.Tensor, tf.Tensor]:
    """The vocabulary's numbers of the letter parts and digit parts of words, where it has all parts of a word.

    Args:
        words: string [U].
        numbers: Word -> its number, -1 for one that is not in the vocabulary.

    Returns:
        Which word a part is of, and the number of the part; int64 [N]. A word that does not fall into parts, or of
        which a part is unknown, does not occur.
    """
    apart = tf.strings.regex_replace(words, r"(\pN)([^\pN])", r"\1 \2")
    parts = tf.strings.split(tf.strings.regex_replace(apart, r"([^\pN ])(\pN)", r"\1 \2"))
    found = parts.with_values(numbers.lookup(parts.flat_values))
    complete = (parts.row_lengths() > 1) & tf.reduce_all(found >= 0, axis=1)
    used = tf.gather(complete, found.value_rowids())
    return tf.boolean_mask(found.value_rowids(), used), tf.boolean_mask(found.flat_values, used)
