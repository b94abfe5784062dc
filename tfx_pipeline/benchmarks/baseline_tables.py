"""The figures of the baselines: tables that were measured outside this project, reproduced."""

from collections.abc import Iterator
from pathlib import Path

from tfx_pipeline.benchmarks.baseline_data.amazon_industrial import AMAZON_INDUSTRIAL
from tfx_pipeline.benchmarks.baseline_data.complete_journey import COMPLETE_JOURNEY
from tfx_pipeline.benchmarks.baseline_data.movielens import MOVIELENS
from tfx_pipeline.benchmarks.baseline_data.online_retail import ONLINE_RETAIL
from tfx_pipeline.benchmarks.baseline_data.published_table import PublishedRow, PublishedTable
from tfx_pipeline.benchmarks.baseline_data.search_industrial import SEARCH_INDUSTRIAL
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.sources.errors import DataError

TABLES = (ONLINE_RETAIL, COMPLETE_JOURNEY, MOVIELENS, AMAZON_INDUSTRIAL, SEARCH_INDUSTRIAL)
TOLERANCE = 0.01
"""How far a figure may be from the table's, relative to it."""

_UNIT = "mean over users"


def baseline_table_figures(data_dir: Path) -> Iterator[Figure]:
    """Measure every figure of the tables again.

    Args:
        data_dir: The folder of real data, whose README.md has the tables. Complete Journey comes with its package.

    Returns:
        The figures, each with the table's number as its target; met if they differ by at most 1 % of it.
    """
    for table in TABLES:
        say(f"baselines on {table.data}")
        try:
            for row, (metrics, users) in zip(table.rows, table.measure(data_dir), strict=True):
                yield from _row_figures(table, row, metrics, users)
        except DataError as error:
            for row in table.rows:
                for metric, target in row.figures.items():
                    yield Figure.absent(_name(table, row, metric), _UNIT, target, str(error))


def _row_figures(table: PublishedTable, row: PublishedRow, metrics: dict[str, float], users: int) -> Iterator[Figure]:
    expected_users = table.users.get(row.items, users)
    for metric, target in row.figures.items():
        ours = metrics[metric]
        met = abs(ours - target) <= TOLERANCE * target and users == expected_users
        how = (
            f"within {TOLERANCE:.0%} of the target: ours {ours:.4f}, the table {target:.4f}; {users} users, the table "
            f"{table.users.get(row.items, 'does not say')}; {table.protocol}; {row.baseline}"
        )
        note = f"; {row.note}" if row.note else ""
        yield Figure(_name(table, row, metric), ours, _UNIT, target, met, how + note)


def _name(table: PublishedTable, row: PublishedRow, metric: str) -> str:
    return f"{table.data}, {row.items} items, {row.model}: {metric}"
