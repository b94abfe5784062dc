"""What the protocol of searches has beside its cases: the queries, and the text that they are looked for in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tfx_pipeline.evaluation.cases import EvaluationCases


@dataclass(frozen=True, eq=False)
class SearchTexts:
    """Queries and documents.

    Attributes:
        queries: Id of the case -> what was searched for.
        documents: Text of each item of the catalogue, '' where none is known; V strings.
    """

    queries: Mapping[str, str]
    documents: Sequence[str]

    def queries_of(self, cases: EvaluationCases) -> list[str]:
        """The queries of some of the cases; C strings."""
        return [self.queries[case_id] for case_id in cases.user_ids]
