from typing import Any, get_args

import pytest

from tfx_pipeline.export_config import ExportConfig, SignatureName
from tfx_pipeline.export_config import Precision as ConfiguredPrecision
from trainer.quantisation.export_settings import ExportSettings, Precision
from trainer.signature_inputs import INPUTS


def test_an_older_model_has_all_in_float32() -> None:
    assert ExportSettings.of({}) == ExportSettings("float32", "float32", None)


def test_the_configuration_is_understood() -> None:
    settings = ExportSettings.of(ExportConfig(item_vectors="int8").model_dump(mode="json"))
    assert settings == ExportSettings("int8", "float32", tuple(INPUTS))
    assert get_args(ConfiguredPrecision) == get_args(Precision)
    assert get_args(SignatureName) == tuple(INPUTS)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"item_vectors": "int4"}, "item_vectors: float32, float16, int8, not 'int4'"),
        ({"text_encoder": 8}, "text_encoder: float32, float16, int8, not 8"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        ExportSettings.of(values)
