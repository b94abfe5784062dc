"""Training that continues from an earlier model, over vocabularies that have changed meanwhile."""
