"""Data sets of the quality benchmark: one a file."""
