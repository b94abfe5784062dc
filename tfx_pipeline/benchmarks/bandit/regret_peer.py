"""VowpalWabbit and MABWiser on the generated stream; run as a program by the Python of .venv-bench, which has both.

    python regret_peer.py squarecb STREAM.npz CHOICES.npy '{"gamma_scale": 1000}'
    python regret_peer.py lin_ucb  STREAM.npz CHOICES.npy '{"alpha": 0.3, "l2_lambda": 1.0}'

STREAM.npz is what `SimulatedStream.save_for_peers` writes. CHOICES.npy receives the position among the candidates that
was chosen for each request, [R] int64. A learner sees the outcome of what it chose alone, and sees those of a batch of
requests before it chooses for the next batch.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

SEED = 1


def squarecb(stream: dict[str, np.ndarray], batch: int, settings: dict[str, Any]) -> np.ndarray:
    """VowpalWabbit's contextual bandit with action features, exploring by SquareCB.

    The shared features are the user's; an action's are the item's and its id, and `-q ui` adds all products of the
    two. The cost of an outcome is minus the click. What is shown is drawn from the probabilities that it gives, which
    go back with the outcome.

    Args:
        stream: The arrays.
        batch: Requests of a batch.
        settings: Option -> value, beside `--cb_explore_adf --squarecb -q ui`.
    """
    options = " ".join(f"--{name} {value}" for name, value in settings.items())
    vowpalwabbit: Any = importlib.import_module("vowpalwabbit")
    workspace = vowpalwabbit.Workspace(f"--cb_explore_adf --squarecb -q ui --quiet --random_seed {SEED} {options}")
    random = np.random.default_rng(SEED)
    actions = [f"|i item{row} {_numbers('i', features)}" for row, features in enumerate(stream["item_features"])]
    choices = np.zeros(len(stream["candidates"]), np.int64)
    for requests in _batches(len(choices), batch):
        examples = []
        for request in requests.tolist():
            lines = [f"shared |u {_numbers('u', stream['user_features'][request])}"]
            lines += [actions[row] for row in stream["candidates"][request]]
            chances = np.array(workspace.predict(lines))
            choice = int(random.choice(len(chances), p=chances / chances.sum()))
            cost = -stream["clicks"][request, choice]
            lines[1 + choice] = f"0:{cost:g}:{chances[choice]:.7g} {lines[1 + choice]}"
            choices[request] = choice
            examples.append(lines)
        for lines in examples:
            workspace.learn(lines)
    workspace.finish()
    return choices


def lin_ucb(stream: dict[str, np.ndarray], batch: int, settings: dict[str, Any]) -> np.ndarray:
    """MABWiser's LinUCB: a ridge regression of its own for each item, on the user's features and a constant.

    It takes no features of arms. Its first batch is chosen by position, which is random, for it cannot predict before
    it was fitted.

    Args:
        stream: The arrays.
        batch: Requests of a batch.
        settings: Arguments of `LearningPolicy.LinUCB`.
    """
    mabwiser: Any = importlib.import_module("mabwiser.mab")
    contexts = np.concatenate([stream["user_features"], np.ones((len(stream["user_features"]), 1))], axis=1)
    items = list(range(len(stream["item_features"])))
    bandit = mabwiser.MAB(items, mabwiser.LearningPolicy.LinUCB(**settings), seed=SEED)
    choices = np.zeros(len(contexts), np.int64)
    for requests in _batches(len(choices), batch):
        candidates = stream["candidates"][requests]
        if requests[0] > 0:
            expectations = bandit.predict_expectations(contexts[requests])
            choices[requests] = [
                int(np.argmax([of_arm[row] for row in rows]))
                for of_arm, rows in zip(expectations, candidates.tolist(), strict=True)
            ]
        each = np.arange(len(candidates))
        shown, clicked = choices[requests], stream["clicks"][requests]
        fit = bandit.partial_fit if requests[0] > 0 else bandit.fit
        fit(candidates[each, shown], clicked[each, shown], contexts[requests])
    return choices


LEARNERS = {"squarecb": squarecb, "lin_ucb": lin_ucb}


def main() -> None:
    """Run the learner that the arguments name."""
    name, stream, choices, settings = sys.argv[1:]
    with np.load(Path(stream)) as stored:
        arrays = {field: stored[field] for field in stored.files}
    np.save(Path(choices), LEARNERS[name](arrays, int(arrays["batch"]), json.loads(settings)))


def _batches(requests: int, batch: int) -> list[np.ndarray]:
    """Rows of the requests of each batch."""
    return np.split(np.arange(requests), range(batch, requests, batch))


def _numbers(prefix: str, values: np.ndarray) -> str:
    """Features in VowpalWabbit's text form."""
    return " ".join(f"{prefix}{place}:{value:.7g}" for place, value in enumerate(values))


if __name__ == "__main__":
    main()
