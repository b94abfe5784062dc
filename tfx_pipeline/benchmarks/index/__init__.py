"""The index over item vectors beside TensorFlow Recommenders' layer and ScaNN."""
