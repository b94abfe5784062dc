"""The error of a check that failed."""


class ExportCheckError(ValueError):
    """A model must not be pushed; the message is one line that names what failed."""
