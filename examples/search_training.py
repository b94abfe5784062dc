"""Fine-tunes a text encoder for the search of a shop from two CSV files, without TFX, and shows it beside BM25.

A folder has `docs*.csv` with the columns item_id and text, and `queries*.csv` with query, relevant_item_id and split
(`dev` is learned from, `test` is measured); both may be gzipped. Without a folder a small catalogue is made up whose
searchers call some things by another name than the shop. Run it as
`.venv/bin/python examples/search_training.py ../shared/data/search_industrial --kind short`.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from trainer.text_encoder import TextEncoder, encode_texts
from trainer.text_training.hard_negatives import encoder_scores, lexical_scores
from trainer.text_training.search_evaluation import mean_reciprocal_rank, scaled_sum
from trainer.text_training.search_pairs import SearchPairs
from trainer.text_training.search_settings import SearchTrainingSettings
from trainer.text_training.search_training import train_search

CHARACTERS = 600
COLOURS = ["white", "green", "red", "blue", "black", "grey", "brown", "pink"]
THINGS = {
    "milk": "dairy drink",
    "bread": "loaf",
    "cheese": "gouda",
    "soap": "hand wash",
    "brush": "scrubber",
    "towel": "bath cloth",
    "lamp": "reading light",
    "mug": "coffee cup",
}
SIZES = ["tiny", "small", "medium", "large", "family size"]


def made_up_shop() -> tuple[list[str], SearchPairs, SearchPairs]:
    """Documents, pairs to learn from and pairs to measure: searchers use the words on the right of `THINGS`."""
    documents, queries = [], []
    for colour in COLOURS:
        for thing, called in THINGS.items():
            for size in SIZES:
                documents.append(f"{colour} {thing} {size} for every day")
                queries.append(f"{size} {called} {colour}")
    pairs = SearchPairs.of(queries, range(len(documents)))
    return documents, *pairs.split(0.25, np.random.default_rng(0))


def read_shop(folder: Path, kind: str | None) -> tuple[list[str], SearchPairs, SearchPairs]:
    """The same from files; `kind` names the queries to take where the table has that column."""
    items = pd.read_csv(next(iter(sorted(folder.glob("docs*.csv*")))))
    table = pd.read_csv(next(iter(sorted(folder.glob("queries*.csv*")))))
    if kind is not None:
        table = table[table["kind"] == kind]
    row_of = {item: row for row, item in enumerate(items["item_id"])}
    parts = [table[table["split"] == name] for name in ("dev", "test")]
    pairs = [SearchPairs.of(part["query"].tolist(), part["relevant_item_id"].map(row_of).tolist()) for part in parts]
    return items["text"].fillna("").str[:CHARACTERS].tolist(), *pairs


def print_mrr(name: str, encoder: TextEncoder, documents: list[str], pairs: SearchPairs) -> None:
    """Print the MRR@10 of an encoder, alone and with BM25."""
    dense = encoder_scores(encoder, pairs.queries, encode_texts(encoder, documents))
    both = scaled_sum(dense, lexical_scores(pairs.queries, documents))
    print(f"{name:24}{mean_reciprocal_rank(dense, pairs):10.4f}{mean_reciprocal_rank(both, pairs):12.4f}")


def main(
    folder: Path | None,
    kind: str | None,
    checkpoint: Path | None,
    max_tokens: int,
    epochs: int,
    learning_rate: float,
    precision: str,
) -> None:
    """Measure, train, and measure again."""
    documents, training, test = made_up_shop() if folder is None else read_shop(folder, kind)
    encoder = TextEncoder.load(checkpoint, max_tokens, mode="full", precision=precision)
    print(f"{'MRR@10':24}{'alone':>10}{'with BM25':>12}")
    print(f"{'BM25':24}{mean_reciprocal_rank(lexical_scores(test.queries, documents), test):10.4f}")
    print_mrr("encoder as published", encoder, documents, test)
    lengths = tuple(sorted({min(length, max_tokens) for length in (16, 32, 64, max_tokens)}))
    settings = SearchTrainingSettings(epochs=epochs, learning_rate=learning_rate, document_lengths=lengths)
    history = train_search(encoder, documents, training, settings)
    print_mrr("encoder fine-tuned", encoder, documents, test)
    print(f"kept: epoch {history.best_epoch} of {len(history.epochs)}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path, nargs="?")
    arguments.add_argument("--kind")
    arguments.add_argument("--checkpoint", type=Path)
    arguments.add_argument("--max-tokens", type=int, default=96)
    arguments.add_argument("--epochs", type=int, default=3)
    arguments.add_argument("--learning-rate", type=float, default=5e-5)
    arguments.add_argument("--precision", choices=["float32", "mixed_bfloat16"], default="float32")
    main(**vars(arguments.parse_args()))
