"""Training of the two towers with differential privacy (DP-SGD), the unit of which is the user."""
