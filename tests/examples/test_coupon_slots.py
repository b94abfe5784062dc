"""The example of coupons within a budget, on a small made-up shop."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples"
HOUSEHOLDS, COUPONS = 60, 4


def _example(name: str) -> Any:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def _campaign(number: int, kind: str, start: str, end: str) -> dict[str, Any]:
    days = {"start_date": pd.Timestamp(start), "end_date": pd.Timestamp(end)}
    return {"campaign_id": number, "campaign_type": kind, **days}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Household h buys product h % 4 once before the campaigns and once after; it redeems the coupon for it."""
    path = tmp_path_factory.mktemp("coupons")
    households = np.arange(HOUSEHOLDS)
    days = ["2017-01-01", "2017-02-01", "2017-12-31"]
    lines = pd.DataFrame(
        {
            "household_id": np.tile(households, 3),
            "product_id": np.tile(households % COUPONS, 3),
            "sales_value": np.tile(2.0 + households % COUPONS, 3),
            "coupon_disc": np.repeat([0.0, 0.5, 0.0], HOUSEHOLDS),
            "transaction_timestamp": np.repeat(pd.to_datetime(days), HOUSEHOLDS),
        }
    )
    campaigns = [
        _campaign(1, "Type C", "2017-06-01", "2017-07-01"),
        _campaign(2, "Type B", "2017-03-01", "2017-04-01"),
        _campaign(3, "Type A", "2017-04-01", "2017-05-01"),
        _campaign(4, "Type B", "2016-12-20", "2017-02-01"),
        _campaign(5, "Type B", "2017-12-01", "2018-01-09"),
    ]
    of_campaigns = pd.DataFrame({"campaign_id": [campaign["campaign_id"] for campaign in campaigns]})
    members = of_campaigns.merge(pd.DataFrame({"household_id": households}), "cross")
    coupons = pd.DataFrame({"coupon_upc": np.arange(COUPONS) + 500, "product_id": np.arange(COUPONS)})
    tables = {
        "transactions": lines,
        "campaign_descriptions": pd.DataFrame(campaigns),
        "campaigns": members,
        "coupons": of_campaigns.merge(coupons, "cross"),
        "coupon_redemptions": members.assign(coupon_upc=members["household_id"] % COUPONS + 500),
    }
    for name, table in tables.items():
        table.to_parquet(path / f"{name}.parquet")
    return path


@pytest.fixture(scope="module")
def mailings(folder: Path) -> Any:
    example = _example("coupon_mailings")
    return example.mailings_of(example.read_offers(folder))


def test_only_what_can_be_replayed_is_read(folder: Path) -> None:
    offers = _example("coupon_mailings").read_offers(folder)
    assert offers.groupby("campaign")["campaign_id"].unique().tolist() == [[2], [1]]
    assert len(offers) == 2 * HOUSEHOLDS * COUPONS
    own = offers["household_id"] % COUPONS + 500 == offers["coupon_upc"]
    np.testing.assert_array_equal(offers["redeemed"], own)
    np.testing.assert_array_equal(offers["bought"], np.where(own, 2, 0))
    np.testing.assert_array_equal(offers["value"], 2.0 + offers["coupon_upc"] - 500)
    assert set(offers["lines"]) == {2}
    assert set(offers["with_coupon"]) == {1}


def test_mailings_are_rows_of_candidates(mailings: Any) -> None:
    assert mailings.coupons == ["nothing", "500", "501", "502", "503"]
    assert mailings.campaigns.tolist() == [0] * HOUSEHOLDS + [1] * HOUSEHOLDS
    np.testing.assert_array_equal(mailings.rows, np.tile(np.arange(5), (2 * HOUSEHOLDS, 1)))
    assert mailings.valid.all()
    assert not mailings.features[:, 0].any()
    np.testing.assert_array_equal(mailings.features[0, 1:, -1], [2.0, 3.0, 4.0, 5.0])
    np.testing.assert_array_equal(mailings.redeemed.argmax(axis=1) - 1, np.tile(np.arange(HOUSEHOLDS) % COUPONS, 2))
    shuffled = mailings.shuffled(3)
    np.testing.assert_array_equal(shuffled.campaigns, mailings.campaigns)
    assert shuffled.redeemed.tolist() != mailings.redeemed.tolist()
    np.testing.assert_array_equal(shuffled.redeemed.sum(axis=0), mailings.redeemed.sum(axis=0))


def test_thompson_learns_to_send_what_is_redeemed_within_the_budget(mailings: Any, monkeypatch: Any) -> None:
    _example("coupon_mailings")
    example = _example("coupon_slots")
    monkeypatch.setattr(example, "EXPECTED_RATE", 0.3)
    monkeypatch.setattr(example, "PRIOR_PRECISION", 1.0)
    head = example.CouponHead(mailings)
    outcomes = {policy: example.replay(mailings, head, policy, 60, 1) for policy in example.POLICIES}
    assert all(outcome.sent <= 60 for outcome in outcomes.values())
    best = example.best_in_hindsight(mailings, 60)
    assert (best.sent, best.redemptions, best.worth) == (60, 60, 30 * 5.0 + 30 * 4.0)
    assert best.worth >= outcomes["thompson"].worth > 1.5 * outcomes["uniform"].worth
    assert example.replay(mailings, head, "thompson", 60, 1) == outcomes["thompson"]
    assert example.replay(mailings, head, "thompson", 3, 1).sent == 3
