"""Readers that bring a shop's tables onto the data contract, as plain functions without TFX."""
