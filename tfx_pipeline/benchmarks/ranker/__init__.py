"""The ranker beside retrieval alone and beside gradient-boosted trees, on the same candidates and features."""
