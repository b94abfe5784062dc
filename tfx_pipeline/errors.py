"""Errors of a run that its user can act on."""


class PipelineError(ValueError):
    """The run cannot go on or its model may not be pushed; the message is one clear line."""
