"""What a continued training tells of its start."""

import logging

_LOGGER = logging.getLogger("shoprank.warm_start")


def tell(sentence: str, *values: object) -> None:
    """Write a sentence to the log of the run."""
    _LOGGER.info(sentence, *values)
