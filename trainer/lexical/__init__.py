"""Search by words: a BM25 inverted index built of core TensorFlow ops."""
