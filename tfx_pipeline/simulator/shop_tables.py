"""The generated shop as files: events and items on the data contract, and a configuration that `shoprank run` takes."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from tfx_pipeline.simulator.catalogue import items_table, prices
from tfx_pipeline.simulator.hidden_truth import HiddenTruth
from tfx_pipeline.simulator.marks import GENERATED, GENERATED_COLUMN, item_ids, user_ids
from tfx_pipeline.simulator.outcomes import CLICK, PURCHASE, SECONDS_PER_SLOT, SECONDS_TO_PURCHASE, draw_events
from tfx_pipeline.simulator.requests import GeneratedRequests
from tfx_pipeline.write_aside import write_aside

EVENTS_FILE, ITEMS_FILE, CONFIG_FILE = "generated_events.csv", "generated_items.csv", "generated_shop.yaml"
SLOTS = 8

_EVENT_STREAM = 6


def events_table(truth: HiddenTruth, requests: GeneratedRequests) -> pd.DataFrame:
    """Clicks and purchases on slates that show the candidates as they come, in the order of time.

    Candidates come in a random order, so the log has no favourites: the column `propensity`, the probability of this
    item in this slot, is 1 / (items that had arrived).

    Args:
        truth: The shop.
        requests: The visits; their candidates are the slates.

    Returns:
        The columns user_id, item_id, event_type, timestamp, price, position (from 0), propensity, request_id and
        generated.
    """
    random = np.random.default_rng([truth.settings.seed, _EVENT_STREAM])
    clicked, bought = draw_events(truth, requests.users[:, None], requests.candidates, requests.days[:, None], random)
    parts = [
        _events(truth, requests, clicked, CLICK, SECONDS_PER_SLOT),
        _events(truth, requests, bought, PURCHASE, SECONDS_PER_SLOT + SECONDS_TO_PURCHASE),
    ]
    return pd.concat(parts).sort_values("timestamp", kind="stable", ignore_index=True)


def write_shop(truth: HiddenTruth, folder: Path, requests: int = 20_000) -> Path:
    """Write `generated_events.csv`, `generated_items.csv` and `generated_shop.yaml`.

    Args:
        truth: The shop.
        folder: Exists.
        requests: Visits, each a slate of 8 items.

    Returns:
        The configuration, for `shoprank run --config`; the run goes to the folder `run` beside it.
    """
    visits = GeneratedRequests.draw(truth, requests, SLOTS)
    for name, table in ((EVENTS_FILE, events_table(truth, visits)), (ITEMS_FILE, items_table(truth))):
        with write_aside(folder / name) as aside:
            table.to_csv(aside, index=False)
    with write_aside(folder / CONFIG_FILE) as aside:
        aside.write_text(f"# {GENERATED}\n{yaml.safe_dump(_configuration(truth), sort_keys=False)}", encoding="utf-8")
    return folder / CONFIG_FILE


def _events(
    truth: HiddenTruth, requests: GeneratedRequests, happened: np.ndarray, event_type: str, seconds: int
) -> pd.DataFrame:
    request, slot = np.nonzero(happened)
    items = requests.candidates[request, slot]
    names = np.array(requests.request_ids, dtype=object)
    return pd.DataFrame(
        {
            "user_id": user_ids(requests.users[request]),
            "item_id": item_ids(items),
            "event_type": event_type,
            "timestamp": requests.timestamps[request] + SECONDS_PER_SLOT * slot + seconds,
            "price": prices(truth)[items],
            "position": slot,
            "propensity": 1.0 / np.searchsorted(truth.arrivals, requests.days[request], side="right"),
            "request_id": names[request],
            GENERATED_COLUMN: GENERATED,
        }
    )


def _configuration(truth: HiddenTruth) -> dict[str, object]:
    settings = truth.settings
    weights = {CLICK: settings.click_value, PURCHASE: settings.purchase_value}
    return {
        "run_dir": "run",
        "data": {"events": {"path": EVENTS_FILE}, "items": {"path": ITEMS_FILE}},
        "objectives": {
            name: {"event_types": [name], "weight": weight} for name, weight in weights.items() if weight > 0
        },
    }
