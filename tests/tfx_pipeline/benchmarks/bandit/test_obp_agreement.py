"""Our estimators against Open Bandit Pipeline's, which runs in an environment of its own."""

from pathlib import Path

import pytest

from tfx_pipeline.benchmarks.bandit import obp_agreement, peer_environment
from tfx_pipeline.benchmarks.bandit.peer_environment import PEER_PYTHON, run_peer
from tfx_pipeline.errors import PipelineError

needs_peers = pytest.mark.skipif(not PEER_PYTHON.exists(), reason="`make bench-setup` has not been run")


@needs_peers
def test_every_estimator_equals_obp() -> None:
    figures = list(obp_agreement.agreement_figures(requests=300))
    assert len(figures) == 10
    assert [(figure.name, figure.value) for figure in figures if not figure.met] == []


def test_without_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Path("/nowhere/python")
    monkeypatch.setattr(obp_agreement, "PEER_PYTHON", missing)
    monkeypatch.setattr(peer_environment, "PEER_PYTHON", missing)
    figures = [*obp_agreement.agreement_figures(), *obp_agreement.published_figures()]
    assert len(figures) == 16
    assert {(figure.value, figure.met) for figure in figures} == {(None, False)}
    assert all(figure.how.endswith("run `make bench-setup`") for figure in figures)
    with pytest.raises(PipelineError, match="is not there; run `make bench-setup`$"):
        run_peer(Path("any.py"))


@needs_peers
def test_a_program_that_fails_is_named(tmp_path: Path) -> None:
    program = tmp_path / "broken.py"
    program.write_text("raise ValueError('no such array')\n")
    with pytest.raises(PipelineError, match=r"^broken\.py: ValueError: no such array$"):
        run_peer(program)
