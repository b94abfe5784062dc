"""A shop of generated items behind two towers that were not trained: everything a servable needs, in its real size."""

from dataclasses import dataclass, replace

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from trainer import features
from trainer.catalogue import Catalogue, vocabulary
from trainer.hyperparameters import Hyperparameters
from trainer.item_statistics import ItemStatistics, item_statistics
from trainer.item_tables import ItemFeatures
from trainer.item_to_item.neighbours import Neighbours
from trainer.preprocessing import CATEGORY_LEVELS
from trainer.retrieval_package import RetrievalPackage
from trainer.retrieval_training import build_towers
from trainer.search_fusion import SearchFusion
from trainer.search_index import DENSE, WORDS
from trainer.text_encoder import TextEncoder
from trainer.text_reducer import TextReducer
from trainer.user_events import UserEvents
from trainer.user_store import UserStore

_DAY = 24 * 3600
_WORDS = 5_000
_SEED_OF_WORDS = 7
_WORDS_OF_TITLE = 5
_TEXTS_FOR_REDUCER = 512


@dataclass(frozen=True)
class GeneratedSize:
    """How large a generated shop is.

    Attributes:
        items: Items of the catalogue, V.
        users: Known users, each with a history.
        events: Events of each user.
    """

    items: int
    users: int = 500
    events: int = 60


def generated_package(
    size: GeneratedSize,
    transform: tft.TFTransformOutput,
    encoder: TextEncoder,
    settings: Hyperparameters,
    seed: int = 7,
) -> RetrievalPackage:
    """Draw a retrieval package; equal arguments give equal ones.

    Item vectors lie in clusters, as those of trained towers do, and popularity follows a power law.

    Args:
        size: How large.
        transform: The transform graph; its vocabularies name the users and categories.
        encoder: The text encoder; titles of a few items go through it, and vectors like theirs are drawn for all.
        settings: Sizes of the towers.
        seed: Of every draw.
    """
    random = np.random.default_rng(seed)
    catalogue = _catalogue(size.items, transform, random)
    reducer, texts = _text_vectors(catalogue, encoder, settings.text["dimension"], random)
    events = _events(size, len(vocabulary(transform, features.USER_ID)), random)
    statistics = item_statistics([events], size.items)
    keras.utils.set_random_seed(seed)
    known = ItemFeatures.of_catalogue(catalogue, texts)
    sizes = {"users": len(vocabulary(transform, features.USER_ID)), "event_types": 1}
    towers = build_towers(catalogue, known, sizes, settings.retrieval)
    towers.set_items(known, statistics.count)
    neighbours = _neighbours(statistics, settings, random)
    return RetrievalPackage(
        towers=towers,
        catalogue=catalogue,
        users=UserStore.from_events(_as_history(events), sizes["users"], settings.history["length"]),
        at_ranker_start=statistics,
        at_training_end=statistics,
        neighbours_at_ranker_start=neighbours,
        neighbours_at_training_end=neighbours,
        reducer=reducer,
        fusion=SearchFusion.equal(WORDS, DENSE),
    )


def item_id(row: int) -> str:
    """The id of a generated item."""
    return f"item-{row:07d}"


def _catalogue(items: int, transform: tft.TFTransformOutput, random: np.random.Generator) -> Catalogue:
    sizes = tuple(transform.vocabulary_size_by_name(name) + 1 for name in CATEGORY_LEVELS)
    brands = transform.vocabulary_size_by_name(features.BRAND) + 1
    leaves = random.integers(sizes[-1] - 1, size=items)
    levels = [np.append(leaves * (size - 1) // (sizes[-1] - 1), size - 1) for size in sizes]
    titles = _titles(items, random)
    prices = np.append(random.normal(size=items), 0.0).astype(np.float32)
    return Catalogue(
        item_ids=np.array([item_id(row) for row in range(items)], dtype=object),
        titles=titles,
        texts=titles,
        categories=np.stack(levels, axis=1).astype(np.int32),
        brands=np.append(random.integers(brands - 1, size=items), brands - 1).astype(np.int32),
        prices=prices,
        price_known=np.append(np.ones(items), 0.0).astype(np.float32),
        category_sizes=sizes,
        brand_size=brands,
        price_against_category=prices,
    )


def title_words() -> np.ndarray:
    """The words of the titles, the frequent ones first, str [words]; always the same."""
    random = np.random.default_rng(_SEED_OF_WORDS)
    syllables = np.array([f"{consonant}{vowel}" for consonant in "bdfgklmnprstvz" for vowel in "aeiou"], dtype=object)
    drawn = random.choice(syllables, (2 * _WORDS, 3))
    distinct = dict.fromkeys("".join(parts) for parts in drawn)
    return np.array(list(distinct)[:_WORDS], dtype=object)


def _titles(items: int, random: np.random.Generator) -> np.ndarray:
    named = title_words()
    shares = 1.0 / np.arange(10, 10 + len(named))
    drawn = random.choice(named, (items, _WORDS_OF_TITLE), p=shares / shares.sum())
    return np.array([" ".join(title) for title in drawn], dtype=object)


def _text_vectors(
    catalogue: Catalogue, encoder: TextEncoder, dimension: int, random: np.random.Generator
) -> tuple[TextReducer, np.ndarray]:
    """The reducer of the encoder's vectors, and vectors around those of a few items; float32 [V + 1, T]."""
    some = encoder(tf.constant(catalogue.texts[:_TEXTS_FOR_REDUCER].tolist())).numpy()
    reducer = TextReducer.fit(some, dimension)
    centres = reducer.reduce(tf.constant(some)).numpy()
    owners = random.integers(len(centres), size=len(catalogue))
    noise = random.normal(size=(len(catalogue), reducer.dimension)).astype(np.float32)
    vectors = centres[owners] + 0.5 * noise / np.sqrt(np.float32(reducer.dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return reducer, np.vstack([vectors, np.zeros((1, reducer.dimension), np.float32)])


def _events(size: GeneratedSize, users: int, random: np.random.Generator) -> UserEvents:
    shares = 1.0 / np.arange(1, size.items + 1)
    count = users * size.events
    # A power law makes users come back to items, as shoppers do.
    items = random.choice(size.items, count, p=shares / shares.sum())
    days = np.sort(random.integers(0, 365, (users, size.events)), axis=1)
    return UserEvents(
        users=np.arange(users),
        offsets=np.arange(users + 1) * size.events,
        items=items.astype(np.int64),
        event_types=np.zeros(count, np.int64),
        timestamps=(days * _DAY).ravel(),
        is_target=np.ones(count, bool),
    )


def _as_history(events: UserEvents) -> UserEvents:
    return replace(events, is_target=np.zeros(len(events.items), bool))


def _neighbours(statistics: ItemStatistics, settings: Hyperparameters, random: np.random.Generator) -> Neighbours:
    """The configured number of neighbours for the items that have the most events."""
    items = len(statistics.count) - 1
    known = np.argsort(-statistics.count[:-1], kind="stable")[: settings.retrieval["neighbour_items"]]
    width = min(settings.retrieval["neighbours"], len(known))
    rows = np.full((items, width), -1, np.int32)
    weights = np.zeros((items, width), np.float32)
    starts = random.integers(len(known), size=len(known))
    rows[known] = known[(starts[:, None] + np.arange(width)) % len(known)]
    weights[known] = -np.sort(-random.exponential(0.05, (len(known), width)), axis=1)
    return Neighbours(rows, weights)
