"""The inputs of the attribute head: from the towers of a run, or from the texts alone where nothing is trained."""

from pathlib import Path

import numpy as np

from tfx_pipeline.attributes.described_items import DescribedItems
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.evaluate.shop_tables import ShopTables, run_output
from tfx_pipeline.text_config import TextConfig
from trainer.attributes.item_inputs import text_inputs, tower_inputs
from trainer.retrieval_package import RetrievalPackage
from trainer.text_encoder import TextEncoder, encode_texts
from trainer.text_reducer import TextReducer

_TFX_MODEL = "Format-Serving"


def shop_inputs(shop: ShopTables, items: DescribedItems) -> np.ndarray:
    """Inputs of the items of a shop, float32 [N, F].

    Raises:
        PipelineError: The towers of the run do not know an item of its tables.
    """
    if shop.run_dir is None:
        return encoded_inputs(items.texts, shop.config.text)
    package = RetrievalPackage.load(run_output(shop.run_dir, "TowerTrainer", "model") / _TFX_MODEL)
    row_of = {item: row for row, item in enumerate(package.catalogue.item_ids.tolist())}
    rows = [row_of.get(item, -1) for item in items.item_ids.tolist()]
    if -1 in rows:
        raise PipelineError(f"{shop.run_dir}: the towers do not know the item {items.item_ids[rows.index(-1)]!r}")
    inputs: np.ndarray = tower_inputs(package.towers)[rows]
    return inputs


def encoded_inputs(texts: np.ndarray, settings: TextConfig, cache: Path | None = None) -> np.ndarray:
    """Inputs of items from their texts alone, float32 [N, X]; each distinct text is encoded once.

    Args:
        texts: str [N].
        settings: The encoder and the length of the vectors.
        cache: Folder for encoder vectors by content.
    """
    encoder = TextEncoder.load(settings.checkpoint, settings.max_tokens)
    distinct, of_item = np.unique(texts.astype(str), return_inverse=True)
    full = encode_texts(encoder, distinct.tolist(), cache, None)
    reducer = TextReducer.fit(full, settings.dimension)
    vectors = reducer.reduce(full).numpy() * (distinct != "")[:, np.newaxis]
    return text_inputs(vectors[of_item])
