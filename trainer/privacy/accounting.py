"""How much privacy a training spends."""


def epsilon_of(noise_multiplier: float, sampling_rate: float, steps: int, delta: float) -> float:
    """Epsilon of DP-SGD with Poisson sampling: adding or removing one user changes no probability by more.

    Accounted with Rényi differential privacy (Mironov, Talwar and Zhang 2019, "Rényi differential privacy of the
    sampled Gaussian mechanism") by the package `dp-accounting`.

    Args:
        noise_multiplier: Standard deviation of the noise divided by the clip norm, sigma.
        sampling_rate: Probability with which a user takes part in a step, q.
        steps: Steps of training.
        delta: Probability with which the bound may fail.

    Returns:
        An upper bound; the guarantee is (epsilon, delta)-differential privacy.

    Raises:
        ModuleNotFoundError: The package is not installed.
    """
    try:
        import dp_accounting
        from dp_accounting.rdp import RdpAccountant
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "private training needs the package dp-accounting: pip install 'shoprank[privacy]'"
        ) from error
    step = dp_accounting.PoissonSampledDpEvent(sampling_rate, dp_accounting.GaussianDpEvent(noise_multiplier))
    accountant = RdpAccountant(neighboring_relation=dp_accounting.NeighboringRelation.ADD_OR_REMOVE_ONE)
    accountant.compose(step, steps)
    return float(accountant.get_epsilon(delta))
