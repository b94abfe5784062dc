"""The one error of the sources."""


class DataError(ValueError):
    """The shop's data cannot be used; the message is one line that names the file and the column to blame."""
