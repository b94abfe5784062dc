"""Names that a pushed model is found by. Light to import: the command line reads them without TensorFlow."""

from pathlib import Path

MODEL_NAME = "shoprank"
"""Name under which the model server knows the model."""

_EXTRA = Path("assets.extra")
VERSION_FILE = _EXTRA / "version"
"""The version that `model_version` answers; the pusher names the folder after it."""

TITLES_FILE = _EXTRA / "titles.csv"
"""item_id and title of the catalogue."""

POSTERIOR_FILE = _EXTRA / "posterior.npz"
"""The bandit posterior, see `trainer.bandit.posterior`."""

CALIBRATION_FILE = "calibration.json"
"""Beside the ranker's `.keras` file, see `trainer.calibration`."""

PARTS_FILE = _EXTRA / "parts.json"
"""Which artifacts of its run the model was put together from, see `trainer.model_parts`."""

NEW_ITEMS_FILE = _EXTRA / "new_items.jsonl"
"""What the shop said of items after training, see `trainer.item_records`."""

SAVED_TRAFFIC_FILE = _EXTRA / "eval_traffic.json"
"""Requests of the eval window, which the warm-up is made of, see `trainer.eval_traffic`."""

WARMUP_FILE = _EXTRA / "tf_serving_warmup_requests"
"""Where TensorFlow Serving looks for requests to replay."""
