"""The pipeline: from a shop's logs to a pushed SavedModel, and the commands around it."""
