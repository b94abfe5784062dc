import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "oak", "table", "white", "desk"]
WIDTH, INNER = 8, 12


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face folder with one small block of random weights."""
    folder = tmp_path_factory.mktemp("bert")
    config = {
        "model_type": "bert",
        "vocab_size": len(WORDS),
        "hidden_size": WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": INNER,
        "max_position_embeddings": 160,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text("{}")
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    block = "encoder.layer.0"
    linear = {f"{block}.attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
    linear |= {"pooler.dense": (WIDTH, WIDTH), f"{block}.attention.output.dense": (WIDTH, WIDTH)}
    linear |= {f"{block}.intermediate.dense": (INNER, WIDTH), f"{block}.output.dense": (WIDTH, INNER)}
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": (160, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
    }
    for name, shape in linear.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    for name in ("embeddings", f"{block}.attention.output", f"{block}.output"):
        shapes |= {f"{name}.LayerNorm.{part}": (WIDTH,) for part in ("weight", "bias")}
    random = np.random.default_rng(0)
    tensors = {name: random.normal(0, 0.7, shape).astype(np.float32) for name, shape in shapes.items()}
    save_file(tensors, folder / "model.safetensors")
    return folder
