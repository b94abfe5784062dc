"""What the two runs were made of, where that differs."""

from tfx_pipeline.report.run_pair import RunPair, beside
from tfx_pipeline.report.section import Section
from tfx_pipeline.run_details import Versions


def _differences(pair: RunPair) -> list[tuple[str, str | None, str | None]] | None:
    """None where a run knows nothing of its versions; empty where they are the same."""
    first, second = pair.first.versions, pair.second.versions
    if Versions() in (first, second):
        return None
    return [each for each in beside(_named(first), _named(second)) if each[1] != each[2]]


def _named(versions: Versions) -> dict[str, str]:
    seed = {} if versions.seed is None else {"seed": str(versions.seed)}
    return seed | {f"hash of {name}": value for name, value in versions.hashes.items()} | versions.packages


SECTION = Section("versions", "Versions that differ", "comparison/versions.html.j2", _differences)
