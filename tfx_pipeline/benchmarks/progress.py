"""What a benchmark is doing, for whoever waits."""

import sys


def say(text: str) -> None:
    """Write a line to stderr, at once: stdout is for the figures."""
    print(text, file=sys.stderr, flush=True)
