"""What models are asked about, whatever table it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfx_pipeline.evaluate.ranker_rows import RankerRows
from tfx_pipeline.evaluate.request import Protocol, Window
from tfx_pipeline.evaluate.search_texts import SearchTexts
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions
from tfx_pipeline.evaluation.item_facts import ItemFacts
from tfx_pipeline.evaluation.labelling import Labelling
from tfx_pipeline.evaluation.protocol import Slicings
from tfx_pipeline.evaluation.sampled import CandidateLists
from tfx_pipeline.evaluation.table import Items
from tfx_pipeline.evaluation_config import EvaluationConfig


@dataclass(frozen=True, eq=False)
class EvaluationData:
    """Cases, and what is known beside them.

    Attributes:
        source: The run directory or the file.
        protocol: How history and targets were told apart.
        item_ids: The catalogue's ids by row; [V] str.
        cases: The users.
        event_type_names: Names of the event types that the cases number, str; empty where they have none.
        history_length: Latest events of a case that a served model is sent.
        settings: How the shop wants to be evaluated.
        interactions: What the baselines learn from; None where there is nothing.
        facts: Popularity and kinds of the items; None where nothing is known.
        slicings: Labels of the targets; None where there are none.
        item_labels: Dimension -> groups of the items, for gaps of exposure.
        candidates: The candidate lists of the sampled protocol; None for the others.
        search: Queries and documents of the protocol of searches; None for the others.
        ranker_rows: Labelled rows of the eval window for the rankers; None where there are none.
        window: Window of the split; None where the protocol has none.
        period: First moment of the window and the first one after it, epoch seconds; None without a clock or window.
        notes: What a reader of the figures has to know, one sentence each.
    """

    source: str
    protocol: Protocol
    item_ids: NDArray[np.object_]
    cases: EvaluationCases
    event_type_names: NDArray[np.object_]
    history_length: int
    settings: EvaluationConfig = field(default_factory=EvaluationConfig)
    interactions: Interactions | None = None
    facts: ItemFacts | None = None
    slicings: Slicings | None = None
    item_labels: Mapping[str, Labelling] = field(default_factory=dict)
    candidates: CandidateLists | None = None
    search: SearchTexts | None = None
    ranker_rows: RankerRows | None = None
    window: Window | None = None
    period: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()

    @property
    def items_asked(self) -> tuple[Items, ...]:
        """The kinds of items that models are asked for."""
        return ("all", "new") if self.candidates is None and self.search is None else ("all",)

    @property
    def who(self) -> str:
        """What the cases are."""
        return "users" if self.search is None else "queries"

    @property
    def catalogue(self) -> pa.Array:
        """The catalogue's ids as Arrow has them; [V] strings."""
        return pa.array(self.item_ids, pa.string())

    def with_notes(self, *notes: str) -> "EvaluationData":
        """The same data with further notes."""
        return replace(self, notes=(*self.notes, *notes))
