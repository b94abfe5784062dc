import tensorflow as tf

from trainer.lexical.number_parts import known_parts

KNOWN = ["10", "mm", "m", "8", "20", "x"]


def test_takes_words_apart_where_letters_and_digits_meet() -> None:
    entries = tf.lookup.KeyValueTensorInitializer(KNOWN, tf.range(len(KNOWN), dtype=tf.int64))
    numbers = tf.lookup.StaticHashTable(entries, default_value=-1)
    words = ["10mm", "m8x20", "10cm", "plain", "10", "m8_20", ""]
    which, parts = known_parts(tf.constant(words), numbers)
    assert which.numpy().tolist() == [0, 0, 1, 1, 1, 1]
    assert [KNOWN[part] for part in parts.numpy()] == ["10", "mm", "m", "8", "x", "20"]
