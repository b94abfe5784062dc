"""The titles of items, as a pushed version carries them beside its SavedModel."""

import csv
from pathlib import Path

from tfx_pipeline.sources.errors import DataError

# The trainer writes it; importing its name from there would import TensorFlow.
from trainer.model_files import TITLES_FILE

COLUMNS = ("item_id", "title")


def read_titles(version_dir: Path) -> dict[str, str]:
    """Read item -> title of a version.

    Args:
        version_dir: A version directory; one without titles, or none at all, gives no titles.

    Raises:
        DataError: The file lacks a column or is not UTF-8 CSV.
        OSError: The file is there and cannot be read.
    """
    path = version_dir / TITLES_FILE
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            for column in COLUMNS:
                if column not in (rows.fieldnames or ()):
                    raise DataError(f"{path}: no column {column}")
            return {row["item_id"]: row["title"] or "" for row in rows}
    except FileNotFoundError:
        return {}
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a CSV file in UTF-8: {error}") from error
