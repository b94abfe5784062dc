"""How well retrieval finds what users choose next, on real data, beside the simple models that are hard to beat."""
