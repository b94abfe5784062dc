import sys

import numpy as np
import pytest

from trainer.privacy.accounting import epsilon_of


def test_it_is_the_number_of_the_package() -> None:
    pytest.importorskip("dp_accounting")
    from dp_accounting.rdp import compute_epsilon, rdp_privacy_accountant

    orders = np.array(rdp_privacy_accountant.DEFAULT_RDP_ORDERS)
    per_step = rdp_privacy_accountant._compute_rdp_poisson_subsampled_gaussian(0.01, 1.1, orders)
    expected, _ = compute_epsilon(orders, 1000 * np.asarray(per_step), 1e-5)
    assert epsilon_of(1.1, 0.01, 1000, 1e-5) == pytest.approx(expected)


def test_a_single_gaussian_agrees_with_its_closed_form() -> None:
    """Mironov 2017, corollary 3, gives (a / (2 s^2)); proposition 3 turns it into epsilon. Ours may be tighter."""
    pytest.importorskip("dp_accounting")
    sigma, delta = 2.0, 1e-5
    orders = np.linspace(1.1, 60, 1000)
    loose = np.min(orders / (2 * sigma**2) + np.log(1 / delta) / (orders - 1))
    exact_lower_bound = 1.5
    assert exact_lower_bound < epsilon_of(sigma, 1.0, 1, delta) <= loose


def test_more_noise_fewer_steps_and_rarer_sampling_spend_less() -> None:
    pytest.importorskip("dp_accounting")
    usual = epsilon_of(1.0, 0.1, 100, 1e-5)
    assert epsilon_of(2.0, 0.1, 100, 1e-5) < epsilon_of(1.5, 0.1, 100, 1e-5) < usual
    assert epsilon_of(1.0, 0.1, 50, 1e-5) < usual
    assert epsilon_of(1.0, 0.05, 100, 1e-5) < usual


def test_without_the_package_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dp_accounting", None)
    with pytest.raises(ModuleNotFoundError) as error:
        epsilon_of(1.0, 0.1, 100, 1e-5)
    assert str(error.value) == "private training needs the package dp-accounting: pip install 'shoprank[privacy]'"
