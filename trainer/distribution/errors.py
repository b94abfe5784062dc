"""What goes wrong before training on several devices begins."""


class DistributionError(ValueError):
    """The strategy cannot be made here; the message is one line."""
