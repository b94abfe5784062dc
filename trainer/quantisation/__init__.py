"""Smaller servables: vectors and weights in fewer bytes, and nothing saved that no signature reads."""
