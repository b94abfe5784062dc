"""Removing a user from what a run has stored."""
