"""What Open Bandit Pipeline (obp 0.5.7) says; run as a program by the Python of .venv-bench, which has obp.

    python obp_peer.py estimates SINGLE.npz SLATE.npz  prints estimator -> value for a log of each kind, as JSON
    python obp_peer.py published OUT.npz               repeats obp's example on its sample of the Open Bandit Dataset

obp imports torch and what draws plots when it is imported. Neither is used here, and torch is not installed, so both
are stood in for.
"""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

RESAMPLES, FOLDS, SEED, SIMULATIONS = 30, 3, 12345, 100_000
# The candidates of obp's example, of which its SLOPE picks one for each resample.
HYPERPARAMETERS = [10, 50, 100, 500, 1000, 5000, 10000, np.inf]
_TORCH = ("torch", "torch.nn", "torch.nn.functional", "torch.optim", "torch.utils", "torch.utils.data")
_PLOTS = ("matplotlib", "matplotlib.pyplot", "seaborn")


class _Absent(ModuleType):
    """A module any name of which is an empty class."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def load_obp(name: str) -> Any:
    """A module of obp, without torch and plots."""
    for module in (*_TORCH, *_PLOTS):
        sys.modules.setdefault(module, _Absent(module))
        parent, _, child = module.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, sys.modules[module])
    return importlib.import_module(name)


def estimates(single: Path, slate: Path) -> dict[str, float]:
    """Every estimator's value.

    Args:
        single: Log for the estimators of single slots; an .npz file. Of R rows, sorted by request and slot, with K
            slots each request: `reward`, `pscore`, `action`, `position`, `slate_id`, all [R]; `action_dist` and
            `q_hat`, [R, A]; `tau` and `lambda`, scalars.
        slate: The same for the estimators of slates.
    """
    return {**_single_slot(dict(np.load(single))), **_slate(dict(np.load(slate)))}


def _single_slot(log: dict[str, Any]) -> dict[str, float]:
    ope = load_obp("obp.ope")
    given = {
        "reward": log["reward"],
        "action": log["action"],
        "pscore": log["pscore"],
        "action_dist": log["action_dist"][:, :, None],
        "estimated_rewards_by_reg_model": log["q_hat"][:, :, None],
    }
    estimators = {
        "DM": ope.DirectMethod(),
        "IPS": ope.InverseProbabilityWeighting(),
        "SNIPS": ope.SelfNormalizedInverseProbabilityWeighting(),
        "DR": ope.DoublyRobust(),
        "Switch-DR": ope.SwitchDoublyRobust(lambda_=float(log["tau"])),
        "DRos": ope.DoublyRobustWithShrinkage(lambda_=float(log["lambda"])),
    }
    return {name: float(estimator.estimate_policy_value(**given)) for name, estimator in estimators.items()}


def _slate(log: dict[str, Any]) -> dict[str, float]:
    ope = load_obp("obp.ope")
    slots = int(log["position"].max()) + 1
    ours, theirs = log["pscore"].reshape(-1, slots), _chosen(log).reshape(-1, slots)
    slate = {"slate_id": log["slate_id"], "reward": log["reward"], "position": log["position"]}
    whole = [np.repeat(values.prod(1), slots) for values in (ours, theirs)]
    prefix = [values.cumprod(1).ravel() for values in (ours, theirs)]
    cascade = {"pscore_cascade": prefix[0], "evaluation_policy_pscore_cascade": prefix[1]}
    actions = log["q_hat"].shape[1]
    return {
        "whole-slate IPS": ope.SlateStandardIPS(len_list=slots).estimate_policy_value(
            **slate, pscore=whole[0], evaluation_policy_pscore=whole[1]
        ),
        "IIPS": ope.SlateIndependentIPS(len_list=slots).estimate_policy_value(
            **slate, pscore_item_position=ours.ravel(), evaluation_policy_pscore_item_position=theirs.ravel()
        ),
        "cascade IPS": ope.SlateRewardInteractionIPS(len_list=slots).estimate_policy_value(**slate, **cascade),
        "cascade DR": ope.SlateCascadeDoublyRobust(len_list=slots, n_unique_action=actions).estimate_policy_value(
            **slate,
            **cascade,
            action=log["action"],
            q_hat=log["q_hat"].ravel(),
            evaluation_policy_action_dist=log["action_dist"].ravel(),
        ),
    }


def _chosen(log: dict[str, Any]) -> Any:
    return log["action_dist"][np.arange(len(log["action"])), log["action"]]


def published(destination: Path) -> None:
    """Repeat obp's example: campaign all, logged by random, Bernoulli Thompson sampling evaluated.

    The rewards are estimated by logistic regression, crossed over three folds, anew in each of 30 bootstrap resamples.

    Args:
        destination: Receives an .npz file: `rewards`, `propensities`, `evaluation_propensities`, `estimated_rewards`,
            `expected_rewards`, each [30, R]; `tau` and `lambda`, [30], as obp's SLOPE picks them; `truth`; and obp's
            own `errors`, [30, 6], for DM, IPS, SNIPS, DR, Switch-DR, DRos.
    """
    folder = Path(load_obp("obp").__file__).parent / "dataset" / "obd"
    data = load_obp("obp.dataset").OpenBanditDataset(behavior_policy="random", campaign="all", data_path=folder)
    truth = load_obp("obp.dataset").OpenBanditDataset.calc_on_policy_policy_value_estimate(
        behavior_policy="bts", campaign="all", data_path=folder
    )
    policy = load_obp("obp.policy").BernoulliTS(
        n_actions=data.n_actions, len_list=data.len_list, is_zozotown_prior=True, campaign="all", random_state=SEED
    )
    distribution = policy.compute_batch_action_dist(n_sim=SIMULATIONS, n_rounds=1)[0]
    resamples = [_resample(data, distribution, truth, number) for number in range(RESAMPLES)]
    columns = {name: np.stack([resample[name] for resample in resamples]) for name in resamples[0]}
    np.savez(destination, truth=truth, **columns)


def _resample(data: Any, distribution: Any, truth: float, number: int) -> dict[str, Any]:
    log = data.sample_bootstrap_bandit_feedback(random_state=number)
    rewards = _estimated_rewards(data, log, number)
    rows, action, position = np.arange(log["n_rounds"]), log["action"], log["position"]
    at_position = distribution[:, position].T
    errors, tau, shrinkage = _errors(data, log, distribution, rewards, truth)
    return {
        "rewards": log["reward"],
        "propensities": log["pscore"],
        "evaluation_propensities": at_position[rows, action],
        "estimated_rewards": rewards[rows, action, position],
        "expected_rewards": np.average(rewards[rows, :, position], axis=1, weights=at_position),
        "errors": errors,
        "tau": tau,
        "lambda": shrinkage,
    }


def _estimated_rewards(data: Any, log: dict[str, Any], number: int) -> Any:
    linear = importlib.import_module("sklearn.linear_model")
    model = load_obp("obp.ope").RegressionModel(
        n_actions=data.n_actions,
        len_list=data.len_list,
        action_context=data.action_context,
        base_model=linear.LogisticRegression(max_iter=10_000, C=1000, random_state=SEED),
    )
    names = ("context", "action", "reward", "position", "pscore")
    return model.fit_predict(**{name: log[name] for name in names}, n_folds=FOLDS, random_state=number)


def _errors(data: Any, log: dict[str, Any], distribution: Any, rewards: Any, truth: float) -> tuple[Any, float, float]:
    ope = load_obp("obp.ope")
    estimators = [
        ope.DirectMethod(),
        ope.InverseProbabilityWeighting(),
        ope.SelfNormalizedInverseProbabilityWeighting(),
        ope.DoublyRobust(),
        ope.SwitchDoublyRobustTuning(lambdas=list(HYPERPARAMETERS)),
        ope.DoublyRobustWithShrinkageTuning(lambdas=list(HYPERPARAMETERS)),
    ]
    given = {
        "reward": log["reward"],
        "action": log["action"],
        "position": log["position"],
        "pscore": log["pscore"],
        "action_dist": np.tile(distribution, (log["n_rounds"], 1, 1)),
        "estimated_rewards_by_reg_model": rewards,
    }
    values = np.array([estimator.estimate_policy_value(**given) for estimator in estimators])
    return np.abs(values - truth) / truth, *(float(estimator.best_hyperparam) for estimator in estimators[4:])


if __name__ == "__main__":
    if sys.argv[1] == "estimates":
        print(json.dumps(estimates(Path(sys.argv[2]), Path(sys.argv[3]))))
    else:
        published(Path(sys.argv[2]))
