"""Search data sets without a log: judged pairs of query and item, and the events that are made of them.

A run needs events. They are the pairs that were judged to match at all, with the query as their user, in the order of
the file. A query is no user, nobody clicked, and there is no time: such a run shows that search works, and its figures
are about queries. The graded pairs themselves are the judgments.
"""

import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.config import ObjectiveConfig, SplitConfig
from tfx_pipeline.table_config import TableConfig

JUDGED = "judged"
"""Event type of a pair that was judged to match."""

EVENT_SCHEMA = pa.schema([("user_id", pa.string()), ("item_id", pa.string()), ("query", pa.string())])
JUDGMENT_SCHEMA = pa.schema([("query", pa.string()), ("item_id", pa.string()), ("relevance", pa.float64())])


def judged_events(path: object) -> TableConfig:
    """The mapping of an events file of `EVENT_SCHEMA`."""
    return TableConfig(path=str(path), constants={"event_type": JUDGED}, order="file")


def objectives() -> dict[str, ObjectiveConfig]:
    """One objective: what matches the query."""
    return {JUDGED: ObjectiveConfig(event_types=[JUDGED])}


def split() -> SplitConfig:
    """The last pairs of every query are held out: there is no time axis to cut."""
    return SplitConfig(method="leave_last_out")


def grades(labels: pa.ChunkedArray, grade: dict[str, float]) -> pa.ChunkedArray:
    """Labels as grades, null for a label that the publisher does not describe."""
    position = pc.index_in(labels, value_set=pa.array(list(grade)))
    return pc.take(pa.array(grade.values(), pa.float64()), position)
