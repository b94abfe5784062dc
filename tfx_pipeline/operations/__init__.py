"""What runs after a push: which version is stable, which one is tried on a share of the users, and the way back."""
