"""Where the labels of points go, so that none lies on another."""

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 9
"""Pixels between a point and its label."""

_LINE_HEIGHT = 14
_LETTER_WIDTH = 6.5


@dataclass(frozen=True)
class LabelPlace:
    """A label beside its point.

    Attributes:
        left: Left end of the label, in pixels.
        right: Its right end.
        y: Its middle, in pixels from the top.
        is_left: Whether it is on the left side of its point.
    """

    left: float
    right: float
    y: float
    is_left: bool

    def overlaps(self, other: "LabelPlace") -> bool:
        """Whether the two labels share a pixel."""
        return abs(self.y - other.y) < _LINE_HEIGHT and self.left < other.right and other.left < self.right


def place_labels(points: Sequence[tuple[float, float]], labels: Sequence[str], width: float) -> list[LabelPlace]:
    """Place each label beside its point, towards the middle of the chart, and lower where another label is.

    Args:
        points: Positions in pixels, from the top left corner.
        labels: One for each point.
        width: Width of the chart in pixels.

    Returns:
        One place for each point, in the order given.
    """
    places: dict[int, LabelPlace] = {}
    for index in sorted(range(len(points)), key=lambda index: points[index][1]):
        x, y = points[index]
        length = _LETTER_WIDTH * len(labels[index])
        is_left = x > width / 2
        left = x - GAP - length if is_left else x + GAP
        place = LabelPlace(left, left + length, y, is_left)
        while any(place.overlaps(other) for other in places.values()):
            place = LabelPlace(place.left, place.right, place.y + 1, is_left)
        places[index] = place
    return [places[index] for index in range(len(points))]
