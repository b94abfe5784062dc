"""The vectors of items of a retrieval package, as a graph keeps them."""

from typing import NamedTuple

import tensorflow as tf

from trainer.quantisation.export_settings import Precision
from trainer.quantisation.stand_ins import StandIns
from trainer.quantisation.vector_tables import SmallTable, VectorTable, vector_table
from trainer.retrieval_package import RetrievalPackage


class ItemVectorTables(NamedTuple):
    """Vectors of V items and the unknown one.

    Attributes:
        preferences: Unit preference vectors, [V + 1, D].
        texts: Unit text vectors, zeros without text, [V + 1, T].
        of_towers: What the query tower reads of the items of a history in place of its own tables.
    """

    preferences: VectorTable
    texts: VectorTable
    of_towers: StandIns


def item_vector_tables(package: RetrievalPackage, precision: Precision) -> ItemVectorTables:
    """The tables of a package; in float32 the texts are the towers' own variable, and the towers read their own.

    Preferences are those of the towers as they were trained, quantised afterwards.
    """
    towers = package.towers
    own_texts = towers.items.tables["texts"]
    preferences = vector_table(package.preferences(), precision, "preferences")
    texts = vector_table(own_texts.value, precision, "texts")
    if not isinstance(texts, SmallTable):
        return ItemVectorTables(preferences, texts, StandIns())
    embeddings = [each for each in (towers.item_embedding, towers.history_embedding) if each is not None]
    ids = [(each.embeddings, vector_table(each.embeddings.numpy(), precision, each.name)) for each in embeddings]
    return ItemVectorTables(preferences, texts, StandIns([(own_texts, texts), *ids]))


def table_bytes(table: VectorTable) -> int:
    """Memory of a table."""
    variables = table.variables if isinstance(table, SmallTable) else (table,)
    return sum(_bytes(variable) for variable in variables)


def _bytes(variable: tf.Variable) -> int:
    return int(variable.shape.num_elements()) * int(variable.dtype.size)
