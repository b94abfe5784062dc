"""Patterns of paths: `*` for any characters, `{SPAN}` for a number, `{YYYY}`, `{MM}` and `{DD}` for a date."""

import re
from datetime import date

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.streams import split_address

Placeholders = dict[str, str]
"""Placeholder -> what stands in its place in a path."""

_SPAN = "SPAN"
_DATE = ("YYYY", "MM", "DD")
_DIGITS = {_SPAN: r"\d+", "YYYY": r"\d{4}", "MM": r"\d{2}", "DD": r"\d{2}"}
_SPECIAL = re.compile(r"\*|\{(\w*)\}")
_DAY_ZERO = date(1970, 1, 1)


class PathPattern:
    """A pattern, part by part; `*` stands for any characters but `/`, and at the start of a name not for `.` or `_`.

    Attributes:
        base: The folder that all matches are in.
        levels: Number of parts of the path below the base.
    """

    def __init__(self, pattern: str) -> None:
        """Read a pattern.

        Raises:
            DataError: It has a placeholder that is not known, part of a date, or both a date and a span.
        """
        names = {match[1] for match in _SPECIAL.finditer(pattern) if match[1] is not None}
        if names and names not in ({_SPAN}, set(_DATE)):
            raise DataError(f"{pattern}: a pattern of spans has either {{SPAN}}, or {{YYYY}}, {{MM}} and {{DD}}")
        store, place, options = split_address(pattern.rstrip("/"))
        parts = place.split("/")
        first = next(number for number, part in enumerate(parts) if is_pattern(part))
        self.base = f"{store}{'/'.join(parts[:first]) or ('/' if first else '.')}{options}"
        self._parts = [_expression(part) for part in parts[first:]]
        self.levels = len(self._parts)

    def match(self, level: int, name: str, found: Placeholders) -> Placeholders | None:
        """Match one part of a path.

        Args:
            level: Number of the part.
            name: What stands there in the path.
            found: What placeholders stand for in the parts before.

        Returns:
            What placeholders stand for up to here; None if the part does not match.
        """
        matched = self._parts[level].fullmatch(name)
        if matched is None:
            return None
        here = matched.groupdict()
        is_same = all(found.get(placeholder, value) == value for placeholder, value in here.items())
        return {**found, **here} if is_same else None


def is_pattern(path: str) -> bool:
    """Whether a path has special characters, and so may stand for several files."""
    return _SPECIAL.search(path) is not None


def span_of(found: Placeholders, path: str) -> int | None:
    """The span that placeholders tell: the number, or days since 1970; None if there are none.

    Raises:
        DataError: There is no such date.
    """
    if _SPAN in found:
        return int(found[_SPAN])
    if not found:
        return None
    year, month, day = (found[name] for name in _DATE)
    try:
        return (date(int(year), int(month), int(day)) - _DAY_ZERO).days
    except ValueError as error:
        raise DataError(f"{path}: {year}-{month}-{day} is not a date") from error


def _expression(part: str) -> re.Pattern[str]:
    expression, end = "", 0
    seen: set[str] = set()
    for special in _SPECIAL.finditer(part):
        expression += re.escape(part[end : special.start()])
        name = special[1]
        if name is None:
            expression += ("" if special.start() else "(?![._])") + "[^/]*"
        else:
            expression += f"(?P={name})" if name in seen else f"(?P<{name}>{_DIGITS[name]})"
            seen.add(name)
        end = special.end()
    return re.compile(expression + re.escape(part[end:]), re.DOTALL)
