from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.trainer.text_training.pretraining_shop import shop_encoder, titles
from trainer.text_encoder import TextEncoder
from trainer.text_files import TextCheckpointError
from trainer.text_lora import adapters_of
from trainer.text_training.adapter_file import ADAPTERS_FILE, restore_adapters, save_adapters

TEXTS = titles(6)


@pytest.fixture
def trained() -> TextEncoder:
    """An encoder whose adapters have been moved, as training does."""
    encoder, random = shop_encoder("lora"), np.random.default_rng(0)
    for adapter in adapters_of(encoder.backbone):
        adapter.up.assign(random.normal(0, 0.3, adapter.up.shape))
    return encoder


def test_adapters_go_on_over_the_kernels_that_they_were_trained_on(trained: TextEncoder, tmp_path: Path) -> None:
    trained.save_folder(tmp_path)
    save_adapters(trained, tmp_path)
    again = TextEncoder.load(tmp_path, trained.max_tokens, mode="lora")
    merged = [adapter.base.kernel.numpy() for adapter in adapters_of(again.backbone)]
    restore_adapters(again, tmp_path)
    pairs = list(zip(adapters_of(again.backbone), adapters_of(trained.backbone), strict=True))
    # One block, its query and its value.
    assert len(pairs) == 2
    for (now, before), sums in zip(pairs, merged, strict=True):
        assert np.array_equal(now.down.numpy(), before.down.numpy())
        assert np.array_equal(now.up.numpy(), before.up.numpy())
        np.testing.assert_allclose(now.base.kernel.numpy(), before.base.kernel.numpy(), atol=1e-6)
        assert np.abs(sums - before.base.kernel.numpy()).max() > 0.01
    np.testing.assert_allclose(again(TEXTS).numpy(), trained(TEXTS).numpy(), atol=1e-5)


def test_other_adapters_are_refused_by_the_name_of_the_file(trained: TextEncoder, tmp_path: Path) -> None:
    trained.save_folder(tmp_path)
    save_adapters(trained, tmp_path)
    path = tmp_path / ADAPTERS_FILE
    wider = TextEncoder.load(tmp_path, trained.max_tokens, mode="lora", lora_rank=2)
    with pytest.raises(TextCheckpointError, match=rf"^{path}: holds other adapters than the encoder has$"):
        restore_adapters(wider, tmp_path)
    tensors = load_file(path)
    tensors.popitem()
    save_file(tensors, path)
    with pytest.raises(TextCheckpointError, match=rf"^{path}: holds other adapters than the encoder has$"):
        restore_adapters(TextEncoder.load(tmp_path, trained.max_tokens, mode="lora"), tmp_path)
