"""A table of cases: what each did before, and what it took next."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfx_pipeline.evaluate.id_lists import IdLists
from tfx_pipeline.evaluate.table_file import TableFile, WantedColumn

CASE = WantedColumn("case_id", ("user_id", "session_id"))
HISTORY = WantedColumn("history", ("history_item_id", "history_item_ids"))
TARGETS = WantedColumn("targets", ("target", "item_id", "item_ids", "next_item_id"))


@dataclass(frozen=True, eq=False)
class CaseTable:
    """N cases with ids as the table has them.

    Attributes:
        file: The table.
        case_ids: Distinct ids.
        owners: The user, session or case of each row as the table names it; one may have several cases.
        history: Oldest first.
        targets: What was taken next.
    """

    file: TableFile
    case_ids: list[str]
    owners: list[str]
    history: IdLists
    targets: IdLists


def read_case_table(
    path: Path, columns: Mapping[str, str] | None = None, where: Mapping[str, Sequence[str]] | None = None
) -> CaseTable:
    """Read a table of cases.

    Args:
        path: Where it is.
        columns: `case_id`, `history` or `targets` -> the name of that column in the file.
        where: Column of the file -> its values in the rows that are read.

    Raises:
        DataError: A column is missing, an id is empty, or a case_id occurs twice.
    """
    file = TableFile(path, (CASE, HISTORY, TARGETS), columns, where)
    owners = case_owners(file)
    return CaseTable(file, distinct_case_ids(file, owners), owners, file.id_lists("history"), file.id_lists("targets"))


def case_owners(file: TableFile) -> list[str]:
    """The user, session or case of each row."""
    owners: list[str] = file.ids("case_id").to_pylist()
    return owners


def distinct_case_ids(file: TableFile, owners: Sequence[str]) -> list[str]:
    """An id for each row: a user or a session with several cases has them numbered, as `A5382/1`, `A5382/2`.

    A number that would give the id of another row is left out.

    Raises:
        DataError: The table has a column `case_id`, and an id occurs twice in it.
    """
    counts = Counter(owners)
    if len(counts) == len(owners):
        return list(owners)
    if file.found["case_id"] == "case_id":
        repeated = next(owner for owner in owners if counts[owner] > 1)
        second = [index for index, owner in enumerate(owners) if owner == repeated][1]
        raise file.error(second, f"case_id {repeated!r} occurs twice")
    seen: Counter[str] = Counter()
    case_ids = []
    for owner in owners:
        case_id = owner
        while counts[owner] > 1 and case_id in counts:
            seen[owner] += 1
            case_id = f"{owner}/{seen[owner]}"
        case_ids.append(case_id)
    return case_ids
