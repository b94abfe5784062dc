from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from tfx_pipeline.benchmarks.text.search_settings import SETTINGS_FILE, read_search_settings
from trainer.text_training.search_settings import SearchTrainingSettings


def test_the_file_of_the_project_is_read() -> None:
    settings = read_search_settings()
    assert settings.indexes["words"].kind == "words" and len(settings.seeds) == 3
    training = SearchTrainingSettings.from_dict(settings.training)
    assert training.neighbour_group > 1 and not training.hard_negatives


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"indexes": {}}, "indexes"),
        ({"indexes": {"words": {"kind": "letters"}}}, "kind"),
        ({"indexes": {"words": {"kind": "words", "k1": 0}}}, "k1"),
        ({"max_tokens": 2}, "max_tokens"),
        ({"seeds": []}, "seeds"),
        ({"rate": 1}, "rate"),
    ],
)
def test_refuses(changed: dict[str, object], name: str, tmp_path: Path) -> None:
    values = yaml.safe_load(SETTINGS_FILE.read_text(encoding="utf-8"))
    (tmp_path / "search.yaml").write_text(yaml.safe_dump({**values, **changed}))
    with pytest.raises(ValidationError, match=name):
        read_search_settings(tmp_path / "search.yaml")
