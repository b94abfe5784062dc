"""Concurrent requests joined into one run of the graph, with TensorFlow Serving's parameters."""
