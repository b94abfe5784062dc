"""How much the own intercepts of items differ, from what is known of many items."""

from trainer.bandit.checked_arrays import positive_number
from trainer.bandit.item_evidence import ItemEvidence


def intercept_variance(items: ItemEvidence, noise_variance: float, row_weight: float = 1.0) -> float:
    """Method-of-moments estimate of the variance of the items' intercepts, in utility^2.

    DerSimonian and Laird 1986, "Meta-analysis in clinical trials", equations 6 to 8: item i with n_i rows and the mean
    residual m_i is a study of variance v_i = noise / n_i. With u_i = 1 / v_i and m the mean of the m_i weighted by u_i,

        Q = sum of u_i (m_i - m)^2
        variance = max(0, (Q - (S - 1)) / (sum of u_i - sum of u_i^2 / sum of u_i)).

    The residuals are those before any correction by the shared weights: what these explain counts as difference between
    items, which errs upwards, towards more exploration.

    Args:
        items: Sums of rows of one weight.
        noise_variance: Variance of the noise of one row, in utility^2.
        row_weight: The weight of each row.

    Returns:
        0 where fewer than two items are known or they differ no more than chance makes them.

    Raises:
        ValueError: A number is not positive and finite.
    """
    positive_number("noise_variance", noise_variance)
    rows = items.counts / positive_number("row_weight", row_weight)
    if rows.size < 2:
        return 0.0
    precision = rows / noise_variance
    means = items.residuals / items.counts
    overall = precision @ means / precision.sum()
    spread = precision @ (means - overall) ** 2
    scale = precision.sum() - precision @ precision / precision.sum()
    return max(0.0, float((spread - (rows.size - 1)) / scale))
