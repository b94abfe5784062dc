"""Sources of candidates and scores, and features of candidates: one a file."""
