"""What training with differential privacy costs in quality."""
