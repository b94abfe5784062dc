from pathlib import Path

from trainer.privacy.statement import PrivacyStatement

STATEMENT = PrivacyStatement(3.14159, 1e-6, 1.25, 0.5, 0.125, 300, 2048)


def test_a_folder_gives_it_back(tmp_path: Path) -> None:
    assert PrivacyStatement.load(tmp_path) is None
    STATEMENT.save(tmp_path)
    assert PrivacyStatement.load(tmp_path) == STATEMENT


def test_it_says_what_is_covered_and_what_is_not() -> None:
    covered, not_covered = STATEMENT.sentences
    assert "epsilon is 3.14 at delta 1e-06" in covered
    assert "noise multiplier 1.25, clip norm 0.5, 300 steps, each with 12.5% of the users" in covered
    for part in ("ranker", "posterior", "popularity", "neighbours", "vocabularies", "histories"):
        assert part in not_covered
