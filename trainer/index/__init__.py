"""Indexes over item vectors, built of core TensorFlow ops."""
