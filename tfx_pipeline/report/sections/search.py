"""How well the model searches, beside BM25 on the same queries."""

from tfx_pipeline.report.section import Section
from tfx_pipeline.run_summary import RunSummary
from tfx_pipeline.search_result import SearchQuality


def _searches(run: RunSummary) -> tuple[SearchQuality, ...] | None:
    return run.searches or None


SECTION = Section("search", "Search", "sections/search.html.j2", _searches)
