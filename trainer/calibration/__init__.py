"""Correction of predicted probabilities, fitted on cases that the ranker did not learn from; NumPy, and core ops."""
