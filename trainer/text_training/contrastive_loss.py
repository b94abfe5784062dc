"""Losses of queries against the documents of a batch."""

import keras
from keras import ops

_HIDDEN = -1e9


def multiple_negatives_loss(
    similarity: keras.KerasTensor, hidden: keras.KerasTensor, temperature: float
) -> keras.KerasTensor:
    """Softmax cross-entropy of each query's own document among all documents of the batch.

    Multiple negatives ranking (Henderson et al. 2017, "Efficient Natural Language Response Suggestion for Smart
    Reply", section 4.4) with a temperature (InfoNCE; van den Oord et al. 2018, equation 4): with s the cosines of
    query i, its loss is -s_ii / t + log(sum over the documents j that are not hidden of exp(s_ij / t)).

    Args:
        similarity: Cosine of each query with each document; the first B documents answer the queries in their order,
            float32 [B, D].
        hidden: Documents that are no wrong answers to the query, because they answer it as well, bool [B, D].
        temperature: t.

    Returns:
        Loss of each query, float32 [B].
    """
    own = ops.arange(ops.shape(similarity)[0])
    is_own = ops.expand_dims(own, 1) == ops.expand_dims(ops.arange(ops.shape(similarity)[1]), 0)
    logits = ops.where(ops.logical_and(hidden, ops.logical_not(is_own)), _HIDDEN, similarity / temperature)
    return -ops.sum(ops.where(is_own, ops.log_softmax(logits, axis=1), 0.0), axis=1)


def both_directions_loss(
    similarity: keras.KerasTensor, hidden: keras.KerasTensor, temperature: float
) -> keras.KerasTensor:
    """Mean of the loss of the queries and that of their documents, which have to find their query in turn.

    The symmetric loss of CLIP (Radford et al. 2021, figure 3). Hard negatives have no query and are left out of the
    second part. Arguments and result are those of `multiple_negatives_loss`.
    """
    count = ops.shape(similarity)[0]
    forward = multiple_negatives_loss(similarity, hidden, temperature)
    square, square_hidden = ops.transpose(similarity[:, :count]), ops.transpose(hidden[:, :count])
    return (forward + multiple_negatives_loss(square, square_hidden, temperature)) / 2.0


def own_candidates(similarity: keras.KerasTensor, negatives: int) -> keras.KerasTensor:
    """A query's document and its own hard negatives out of all documents of the batch.

    Args:
        similarity: [B, B + B H]; behind the documents that answer come the H hard negatives of each query.
        negatives: H.

    Returns:
        [B, 1 + H], the document that answers first.
    """
    rows = ops.arange(ops.shape(similarity)[0])
    count = ops.shape(similarity)[0]
    own = ops.expand_dims(rows, 1)
    others = count + own * negatives + ops.expand_dims(ops.arange(negatives), 0)
    return ops.take_along_axis(similarity, ops.concatenate([own, others], axis=1), axis=1)


def distribution_loss(
    teacher: keras.KerasTensor, student: keras.KerasTensor, exists: keras.KerasTensor
) -> keras.KerasTensor:
    """Kullback-Leibler divergence of the student's softmax over a query's candidates from the teacher's.

    Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", section 2, as used for retrieval by Lin et al.
    2021, "In-Batch Negatives for Knowledge Distillation with Tightly-Coupled Teachers".

    Args:
        teacher: Logits, float32 [B, N].
        student: Logits, float32 [B, N].
        exists: Whether a candidate counts, bool [B, N].

    Returns:
        Divergence of each query, float32 [B].
    """
    wanted = ops.log_softmax(ops.where(exists, teacher, _HIDDEN), axis=1)
    given = ops.log_softmax(ops.where(exists, student, _HIDDEN), axis=1)
    return ops.sum(ops.where(exists, ops.exp(wanted) * (wanted - given), 0.0), axis=1)


def margin_loss(teacher: keras.KerasTensor, student: keras.KerasTensor, exists: keras.KerasTensor) -> keras.KerasTensor:
    """Squared difference of the margins that teacher and student give the answer over each other candidate.

    MarginMSE (Hofstaetter et al. 2020, "Improving Efficient Neural Ranking Models with Cross-Architecture Knowledge
    Distillation", equation 8). Arguments as of `distribution_loss`; candidate 0 is the answer.

    Returns:
        Mean over the other candidates of each query, 0 where there are none, float32 [B].
    """
    counted = ops.cast(exists[:, 1:], student.dtype)
    difference = (teacher[:, :1] - teacher[:, 1:]) - (student[:, :1] - student[:, 1:])
    return ops.sum(ops.square(difference) * counted, axis=1) / ops.maximum(ops.sum(counted, axis=1), 1.0)
