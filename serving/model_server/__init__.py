"""A local server that speaks TensorFlow Serving's gRPC API for one model."""
