"""The leakage audit: whether any written example saw its own future or its own basket.

It compares the examples with the tables that they were cut from, and trusts nothing that the builder of the examples
computed but the boundaries in time.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from tfx_pipeline.leakage.checks import CHECKS
from tfx_pipeline.leakage.events import no_events, read_events
from tfx_pipeline.leakage.matching import SPLIT_WINDOWS, Matched, match
from tfx_pipeline.leakage.positions import Positions, read_positions
from tfx_pipeline.leakage.report import AuditReport, CheckResult
from tfx_pipeline.leakage.windows import AuditSplit
from tfx_pipeline.sources.errors import DataError

_POSITIONS_AT_ONCE = 10_000_000


def audit(examples: Mapping[str, Sequence[Path]], tables: Path, split: AuditSplit) -> AuditReport:
    """Check every position of every example against the tables.

    Memory holds the examples of some millions of positions, and one part of the tables.

    Args:
        examples: Split (train, ranker, eval or users) -> its TFRecord files of tf.Examples.
        tables: Folder with `events/part-*.parquet`; each part has all events of its users.
        split: What decides the window of an event.

    Raises:
        DataError: A split has no rules, a file cannot be read, or a user is in two parts of the tables.
    """
    unknown = sorted(set(examples) - set(SPLIT_WINDOWS))
    if unknown:
        raise DataError(f"no rules for examples of the split {unknown[0]!r}, only for {', '.join(SPLIT_WINDOWS)}")
    parts = sorted((tables / "events").glob("part-*.parquet"))
    if not parts:
        raise DataError(f"{tables / 'events'}: no part-*.parquet")
    results = [CheckResult(check.name, check.rule, 0, 0, "") for check in CHECKS]
    for positions in read_positions(examples, _POSITIONS_AT_ONCE):
        found = _judge(positions, parts, split)
        results = [earlier.add(later) for earlier, later in zip(results, found, strict=True)]
    return AuditReport(tuple(results))


def _judge(positions: Positions, parts: Sequence[Path], split: AuditSplit) -> list[CheckResult]:
    checked = np.zeros(len(CHECKS), np.int64)
    breaking: list[list[np.ndarray]] = [[] for _ in CHECKS]
    for matched in _match_parts(positions, parts, split):
        for number, check in enumerate(CHECKS):
            concerned, breaks = check.judge(matched)
            checked[number] += np.count_nonzero(concerned)
            breaking[number].append(matched.rows[concerned & breaks])
    rows = [np.concatenate(of_parts) for of_parts in breaking]
    return [
        CheckResult(check.name, check.rule, int(count), len(of_check), _describe_first(positions, of_check))
        for check, count, of_check in zip(CHECKS, checked, rows, strict=True)
    ]


def _match_parts(positions: Positions, parts: Sequence[Path], split: AuditSplit) -> Iterator[Matched]:
    """The positions of each part's users, and at the end those of users that no part has."""
    seen = np.zeros(len(positions.user_names), bool)
    for path in parts:
        events = read_events(path, positions, split)
        again = events.user_numbers[seen[events.user_numbers]]
        if len(again):
            user = positions.user_names[int(again[0])].as_py().decode(errors="replace")
            raise DataError(f"{path}: user {user} is in an earlier part as well")
        here = np.zeros(len(seen), bool)
        here[events.user_numbers] = True
        seen |= here
        if here.any():
            yield match(positions, np.flatnonzero(here[positions.users]), events, split)
    yield match(positions, np.flatnonzero(~seen[positions.users]), no_events(), split)


def _describe_first(positions: Positions, rows: np.ndarray) -> str:
    return positions.describe(int(rows.min())) if len(rows) else ""
