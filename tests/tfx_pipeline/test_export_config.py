import pytest
from pydantic import ValidationError

from tfx_pipeline.export_config import NEEDED_SIGNATURES, ExportConfig


def test_by_default_nothing_is_made_smaller() -> None:
    config = ExportConfig()
    assert (config.item_vectors, config.text_encoder, len(config.signatures)) == ("float32", "float32", 9)


def test_the_signatures_of_the_gates_stay() -> None:
    assert ExportConfig(signatures=NEEDED_SIGNATURES).signatures == NEEDED_SIGNATURES
    with pytest.raises(ValidationError, match="without rank: the gates of a run ask the model by recommend, rank and"):
        ExportConfig(signatures=("recommend", "serving_default"))


@pytest.mark.parametrize("values", [{"item_vectors": "int4"}, {"signatures": ["recomend"]}, {"vectors": "int8"}])
def test_what_cannot_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ExportConfig.model_validate(values)
