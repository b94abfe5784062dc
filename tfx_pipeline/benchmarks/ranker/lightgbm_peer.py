"""LightGBM's lambdarank on mined features; run as a program by the Python of .venv-bench, which has it.

    python lightgbm_peer.py TRAIN.npz VALIDATION.npz SCORES.npz SEED,SEED WINDOW.npz ...

TRAIN, VALIDATION and each WINDOW are what `MinedRows.save_for_peer` writes. Each of `GRID` is trained until NDCG@10 of
the validation cases has not grown for 50 rounds; the best of them is kept and trained once for each seed. SCORES.npz
receives `<window>_<seed>`, the scores of the candidates. The settings that were kept are printed as JSON.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

COMMON = {
    "objective": "lambdarank",
    "metric": "ndcg",
    "ndcg_eval_at": [10],
    "learning_rate": 0.05,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambdarank_truncation_level": 20,
    "verbosity": -1,
    "deterministic": True,
}
GRID: list[dict[str, Any]] = [
    {"num_leaves": 31, "min_data_in_leaf": 100, "feature_fraction": 0.8},
    {"num_leaves": 63, "min_data_in_leaf": 200, "feature_fraction": 0.8},
    {"num_leaves": 15, "min_data_in_leaf": 200, "feature_fraction": 0.5, "lambda_l2": 10.0},
]
_ROUNDS, _PATIENCE = 600, 50


def train(lightgbm: Any, training: Any, validation: Any, settings: dict[str, Any], seed: int) -> Any:
    """A booster at its best round."""
    stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
    parameters = {**COMMON, **settings, "seed": seed}
    return lightgbm.train(parameters, training, _ROUNDS, valid_sets=[validation], callbacks=[stop])


def main(arguments: list[str]) -> None:
    """Train and score as the module says."""
    lightgbm: Any = importlib.import_module("lightgbm")
    training_file, validation_file, scores_file = map(Path, arguments[:3])
    seeds, windows = [int(seed) for seed in arguments[3].split(",")], [Path(path) for path in arguments[4:]]
    training = _data_set(lightgbm, training_file)
    validation = _data_set(lightgbm, validation_file, reference=training)
    boosters = [train(lightgbm, training, validation, settings, seeds[0]) for settings in GRID]
    best = int(np.argmax([booster.best_score["valid_0"]["ndcg@10"] for booster in boosters]))
    chosen = {seeds[0]: boosters[best]}
    chosen |= {seed: train(lightgbm, training, validation, GRID[best], seed) for seed in seeds[1:]}
    scores = {
        f"{window.stem}_{seed}": booster.predict(np.load(window)["features"])
        for window in windows
        for seed, booster in chosen.items()
    }
    np.savez(scores_file, **scores)
    print(json.dumps({**GRID[best], "rounds": boosters[best].best_iteration}))


def _data_set(lightgbm: Any, path: Path, reference: Any = None) -> Any:
    with np.load(path) as arrays:
        labels, sizes = arrays["labels"].astype(int), arrays["sizes"]
        return lightgbm.Dataset(arrays["features"], labels, group=sizes, reference=reference, free_raw_data=False)


if __name__ == "__main__":
    main(sys.argv[1:])
