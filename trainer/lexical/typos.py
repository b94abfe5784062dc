"""Words of the vocabulary that are spelled much like a word it lacks."""

import numpy as np
import scipy.sparse as sp
import tensorflow as tf
from numpy.typing import NDArray

from trainer.lexical.inverted_index import InvertedIndex

_NEAREST = 3
_LEAST_LIKENESS = 0.6
_LEAST_SHARE_OF_BEST = 0.9
_SHORTEST, _LONGEST = 4, 32
_CODES = 0x110000
_EDGE = ord(" ")


class NearWords(tf.Module):
    """Finds near spellings by the pairs of letters that two words share.

    A word's pairs are those of neighbouring letters and those of letters with one between them, in one set: the
    s-grams of class {0, 1} of Keskustalo, Pirkola, Visala, Leppänen and Järvelin (2003), with the edges of the word
    as letters. Unlike trigrams, they survive two letters that changed places. The likeness of two words is Dice's
    coefficient of their sets, 2 |A and B| / (|A| + |B|).
    """

    def __init__(self, vocabulary: list[str], frequencies: NDArray[np.int64]) -> None:
        """Read the vocabulary.

        Args:
            vocabulary: The words.
            frequencies: Documents that have each of them.
        """
        super().__init__(name="near_words")
        keys, postings = pair_postings(vocabulary)
        sizes = np.asarray(postings.sum(axis=0)).ravel()
        self._keys = tf.Variable(keys, trainable=False, name="pairs")
        self._pairs = InvertedIndex(postings, name="pair_postings")
        self._sizes = tf.Variable(sizes.astype(np.float32), trainable=False, name="pair_counts")
        # Of two words that are equally near, the one that more documents have.
        bonus = np.asarray(frequencies, np.float64) / (np.max(frequencies, initial=0) + 1) * 1e-4
        self._bonus = tf.Variable(bonus.astype(np.float32), trainable=False, name="frequency_bonus")

    # A function also outside graphs: there the loop over the words would be one of Python.
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def find(self, words: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The nearest words of the vocabulary.

        Args:
            words: Words that the vocabulary lacks, string [U]. Words with a digit are not looked for: part numbers
                that look alike are different things.

        Returns:
            Which word was replaced, int64 [N]; by which word of the vocabulary, int64 [N]; their likeness in (0, 1],
            float32 [N]. A word that nothing is near to does not occur.
        """
        length = tf.strings.length(words, unit="UTF8_CHAR")
        fits = (length >= _SHORTEST) & (length <= _LONGEST) & ~tf.strings.regex_full_match(words, r".*\pN.*")
        which = tf.reshape(tf.where(fits), [-1])
        nearest = min(_NEAREST, self._pairs.rows)
        terms, likeness = tf.map_fn(
            lambda word: self._nearest(word, nearest),
            tf.gather(words, which),
            fn_output_signature=(tf.TensorSpec([nearest], tf.int64), tf.TensorSpec([nearest], tf.float32)),
        )
        near = (likeness >= _LEAST_LIKENESS) & (likeness >= _LEAST_SHARE_OF_BEST * likeness[:, :1])
        return (
            tf.gather(which, tf.where(near)[:, 0]),
            tf.boolean_mask(terms, near),
            tf.minimum(tf.boolean_mask(likeness, near), 1.0),
        )

    def _nearest(self, word: tf.Tensor, count: int) -> tuple[tf.Tensor, tf.Tensor]:
        """Numbers and likeness of the nearest words of one word, nearest first; int64 and float32 [count]."""
        codes = tf.concat([[_EDGE], tf.strings.unicode_decode(word, "UTF-8"), [_EDGE]], axis=0)
        codes = tf.cast(codes, tf.int64)
        asked = tf.concat([codes[:-1] * _CODES + codes[1:], codes[:-2] * _CODES + codes[2:]], axis=0)
        asked, _ = tf.unique(asked)
        places = tf.minimum(tf.searchsorted(self._keys, asked, out_type=tf.int64), self._pairs.terms - 1)
        pairs = tf.boolean_mask(places, tf.gather(self._keys, places) == asked)
        shared = self._pairs.scores(
            tf.zeros_like(pairs), pairs, tf.ones_like(pairs, tf.float32), tf.constant(1, tf.int64)
        )[0]
        likeness = 2 * shared / (self._sizes + tf.cast(tf.size(asked), tf.float32)) + self._bonus
        best, rows = tf.math.top_k(likeness, count)
        return tf.cast(rows, tf.int64), best


def pair_postings(vocabulary: list[str]) -> tuple[NDArray[np.int64], sp.csr_matrix]:
    """Which words have which pairs of letters.

    Returns:
        The pairs, ascending: code point of the first letter times 0x110000 plus that of the second, int64 [pairs];
        and 1 where a word has a pair, float32 [pairs, words].
    """
    edge = chr(_EDGE)
    text = "".join(f"{edge}{word}{edge}" for word in vocabulary)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    owners = np.repeat(np.arange(len(vocabulary)), [len(word) + 2 for word in vocabulary])
    keys, rows = [], []
    for gap in (1, 2):
        inside = owners[:-gap] == owners[gap:]
        keys.append((codes[:-gap] * _CODES + codes[gap:])[inside])
        rows.append(owners[:-gap][inside])
    found, places = np.unique(np.concatenate(keys), return_inverse=True)
    shape = (len(found), len(vocabulary))
    postings = sp.csr_matrix((np.ones(len(places), np.float32), (places, np.concatenate(rows))), shape)
    postings.data[:] = 1.0
    postings.sort_indices()
    return found, postings
