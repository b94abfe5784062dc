"""The example of fine-tuning for search, with a network that is small enough for a test."""

import gzip
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "search_training.py"
SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WIDTH, INNER, LENGTH = 16, 24, 16


@pytest.fixture(scope="module")
def example() -> Any:
    spec = importlib.util.spec_from_file_location("search_training", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def checkpoint(example: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of one layer and random weights that knows the words of the made-up shop."""
    folder = tmp_path_factory.mktemp("bert")
    documents, training, test = example.made_up_shop()
    texts = [*documents, *training.queries, *test.queries]
    words = [*SPECIAL_TOKENS, *sorted({word for text in texts for word in text.split()})]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    (folder / "tokenizer_config.json").write_text("{}")
    config = {"model_type": "bert", "vocab_size": len(words), "hidden_size": WIDTH, "num_hidden_layers": 1}
    config |= {"num_attention_heads": 2, "intermediate_size": INNER, "max_position_embeddings": LENGTH}
    (folder / "config.json").write_text(json.dumps(config))
    random = np.random.default_rng(0)
    tensors = {name: random.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes(len(words)).items()}
    save_file(tensors, folder / "model.safetensors")
    return folder


def shapes(words: int) -> dict[str, tuple[int, ...]]:
    block = "encoder.layer.0"
    linear = {f"{block}.attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
    linear |= {"pooler.dense": (WIDTH, WIDTH), f"{block}.attention.output.dense": (WIDTH, WIDTH)}
    linear |= {f"{block}.intermediate.dense": (INNER, WIDTH), f"{block}.output.dense": (WIDTH, INNER)}
    norms = ["embeddings", f"{block}.attention.output", f"{block}.output"]
    both = {f"{name}.weight": shape for name, shape in linear.items()}
    both |= {f"{name}.bias": shape[:1] for name, shape in linear.items()}
    both |= {f"{name}.LayerNorm.{part}": (WIDTH,) for name in norms for part in ("weight", "bias")}
    sizes = {"word": words, "position": LENGTH, "token_type": 2}
    return both | {f"embeddings.{name}_embeddings.weight": (size, WIDTH) for name, size in sizes.items()}


@pytest.mark.slow
def test_the_table_shows_bm25_and_the_encoder_before_and_after(
    example: Any, checkpoint: Path, capsys: pytest.CaptureFixture
) -> None:
    example.main(None, None, checkpoint, max_tokens=LENGTH, epochs=12, learning_rate=0.01, precision="float32")
    heading, *lines, kept = capsys.readouterr().out.splitlines()
    assert heading.split() == ["MRR@10", "alone", "with", "BM25"]
    # The last figure of a line: the encoder is judged by what it is together with BM25.
    rows = {match[1]: float(match[2]) for line in lines if (match := re.match(r"(\S.*?)  +.*?([\d.]+)$", line))}
    assert list(rows) == ["BM25", "encoder as published", "encoder fine-tuned"]
    assert rows["encoder fine-tuned"] > max(rows["encoder as published"], rows["BM25"])
    assert re.fullmatch(r"kept: epoch [1-9][0-9]? of [1-9][0-9]?", kept)


def test_files_are_read(example: Any, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "docs_shop.csv.gz", "wt") as file:
        file.write(f"item_id,text\n7,whole milk\n9,{'rye bread ' * 100}\n")
    with gzip.open(tmp_path / "queries_shop.csv.gz", "wt") as file:
        file.write("query,relevant_item_id,kind,split\nloaf,9,short,dev\nmilk,7,short,test\na loaf,9,full_title,dev\n")
    documents, training, test = example.read_shop(tmp_path, "short")
    assert [len(text) for text in documents] == [10, 600]
    assert (training.queries.tolist(), training.documents.tolist()) == (["loaf"], [1])
    assert (test.queries.tolist(), test.documents.tolist()) == (["milk"], [0])
    assert len(example.read_shop(tmp_path, None)[1]) == 2
