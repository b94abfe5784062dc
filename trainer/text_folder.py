"""Writing an encoder as a sentence-transformers folder."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras_hub
import numpy as np
from safetensors.numpy import save_file

from trainer.text_backbone import get_activation, hugging_face_name
from trainer.text_checkpoint import BertConfig
from trainer.text_files import TextCheckpointError
from trainer.text_lora import merged_weights
from trainer.text_projection import PROJECTION_FOLDER, write_projection

if TYPE_CHECKING:
    from trainer.text_encoder import TextEncoder

MODULE = "sentence_transformers.models"


def write_folder(encoder: "TextEncoder", folder: Path) -> None:
    """Write what `TextEncoder.load` and sentence-transformers read; adapters are merged.

    Args:
        encoder: The encoder.
        folder: Made where it is missing.

    Raises:
        TextCheckpointError: The network is no BERT.
    """
    backbone = encoder.backbone
    if not isinstance(backbone, keras_hub.models.BertBackbone):
        raise TextCheckpointError(
            f"{folder}: {type(backbone).__name__} has no Hugging Face folder here, write a .keras file with save()"
        )
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "config.json", {"architectures": ["BertModel"], **bert_config(backbone).model_dump()})
    (folder / "vocab.txt").write_text("\n".join(encoder.tokenize.vocabulary) + "\n", encoding="utf-8")
    settings = {"tokenizer_class": "BertTokenizer", "model_max_length": encoder.max_tokens}
    _write_json(folder / "tokenizer_config.json", {**settings, **encoder.tokenize.settings.model_dump()})
    save_file(hugging_face_tensors(backbone), folder / "model.safetensors", metadata={"format": "pt"})
    _write_modules(encoder, folder)


def bert_config(backbone: keras_hub.models.BertBackbone) -> BertConfig:
    """The config.json of a network."""
    return BertConfig(
        model_type="bert",
        vocab_size=backbone.vocabulary_size,
        hidden_size=backbone.hidden_dim,
        num_hidden_layers=backbone.num_layers,
        num_attention_heads=backbone.num_heads,
        intermediate_size=backbone.intermediate_dim,
        max_position_embeddings=backbone.max_sequence_length,
        type_vocab_size=backbone.num_segments,
        hidden_act=get_activation(backbone),
        hidden_dropout_prob=backbone.dropout,
    )


def hugging_face_tensors(backbone: keras_hub.models.BertBackbone) -> dict[str, np.ndarray]:
    """The weights by their Hugging Face names and in their shapes, float32, adapters merged."""
    tensors = {}
    for path, tensor in merged_weights(backbone).items():
        if path.endswith("kernel"):
            inputs = tensor.shape[0] if "attention_output" not in path else tensor.shape[0] * tensor.shape[1]
            tensor = tensor.reshape(inputs, -1).T
        elif path.endswith("bias"):
            tensor = tensor.reshape(-1)
        tensors[hugging_face_name(path)] = np.ascontiguousarray(tensor)
    return tensors


def _write_modules(encoder: "TextEncoder", folder: Path) -> None:
    pooling = folder / "1_Pooling"
    pooling.mkdir(exist_ok=True)
    _write_json(
        pooling / "config.json",
        {
            "word_embedding_dimension": encoder.backbone.hidden_dim,
            "pooling_mode_cls_token": encoder.pooling == "cls",
            "pooling_mode_mean_tokens": encoder.pooling == "mean",
        },
    )
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": encoder.max_tokens, "do_lower_case": False})
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    if encoder.projection is not None:
        write_projection(folder, encoder.projection)
        modules.append((PROJECTION_FOLDER, "Dense"))
    modules.append((f"{len(modules)}_Normalize", "Normalize"))
    described = [
        {"idx": place, "name": str(place), "path": path, "type": f"{MODULE}.{kind}"}
        for place, (path, kind) in enumerate(modules)
    ]
    _write_json(folder / "modules.json", described)


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")
