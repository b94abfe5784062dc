"""Titles of a real catalogue that comes with the set-up."""

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.datasets.complete_journey import complete_journey_data


def catalogue_titles() -> np.ndarray:
    """Title of each item of the Complete Journey data, mapped as a run maps it; str [V].

    Raises:
        DataError: The package with the data is not installed.
    """
    items = complete_journey_data().items
    assert items is not None
    parts = items.columns["title"]
    table = pq.read_table(items.path, columns=list(parts))
    words = [pc.fill_null(table[part].cast("string"), "") for part in parts]
    joined = pc.utf8_trim_whitespace(pc.binary_join_element_wise(*words, " "))
    titles: np.ndarray = joined.to_numpy()
    return titles[titles != ""]
