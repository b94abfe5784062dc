"""TensorFlow Serving's REST API: JSON in and out, answered through the same code as gRPC."""
