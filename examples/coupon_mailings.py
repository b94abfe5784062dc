"""The campaigns of Complete Journey as mailings: what could be sent to a household, and what it would have redeemed.

In campaigns of type B and C every household got every coupon of the campaign, so that it is known of each whether it
was redeemed. Left out are campaigns of type A (each household got 16 coupons out of some 200, and which is not known)
and campaigns that are not wholly inside the year of the data.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

REPLAYED_TYPES = ("Type B", "Type C")
NOTHING = "nothing"
"""The candidate that stands for sending none: free, worth nothing, and never explored."""


@dataclass(frozen=True)
class Mailings:
    """A household in a campaign a row [M], its candidates in columns [N]: sending nothing, then the coupons.

    Attributes:
        coupons: Ids of all candidates; the first is `NOTHING`.
        campaigns: Number of the campaign in the order of their starts, [M] int, ascending.
        rows: Place of the candidate in `coupons`, [M, N] int32.
        valid: Whether there is a candidate, [M, N] bool.
        features: With a constant, times the coupon's value, [M, N, D] float32.
        value: What a redemption is worth, in dollars, [M, N].
        redeemed: Whether the household redeemed the coupon, [M, N] bool.
    """

    coupons: list[str]
    campaigns: np.ndarray
    rows: np.ndarray
    valid: np.ndarray
    features: np.ndarray
    value: np.ndarray
    redeemed: np.ndarray

    def shuffled(self, seed: int) -> "Mailings":
        """The same with the households of each campaign in another order."""
        noise = np.random.default_rng(seed).random(len(self.campaigns))
        order = np.lexsort([noise, self.campaigns])
        arrays = (self.rows, self.valid, self.features, self.value, self.redeemed)
        return Mailings(self.coupons, self.campaigns[order], *(array[order] for array in arrays))


def read_offers(folder: Path) -> pd.DataFrame:
    """A row for each household, campaign and coupon of the replayed campaigns, with its features and outcome."""
    names = ("transactions", "campaign_descriptions", "campaigns", "coupons", "coupon_redemptions")
    lines, about, members, coupons, redemptions = (pd.read_parquet(folder / f"{name}.parquet") for name in names)
    days = lines["transaction_timestamp"].dt.normalize()
    inside = (about["start_date"] > days.min()) & (about["end_date"] <= days.max())
    about = about[inside & about["campaign_type"].isin(REPLAYED_TYPES)].sort_values(["start_date", "campaign_id"])
    about["campaign"] = np.arange(len(about))
    products = coupons.merge(about[["campaign_id"]])
    offers = members.merge(about).merge(products[["campaign_id", "coupon_upc"]].drop_duplicates())
    key = ["household_id", "campaign_id", "coupon_upc"]
    offers = offers.merge(redemptions[key].drop_duplicates().assign(redeemed=True), "left", key)
    offers["redeemed"] = offers["redeemed"].notna()
    offers = offers.merge(_coupon_columns(products, lines), "left", "coupon_upc")
    offers = offers.merge(_household_columns(members.merge(about), lines), "left", ["household_id", "campaign_id"])
    offers = offers.merge(_bought_before(members.merge(about), products, lines), "left", key)
    return offers.fillna({"value": offers["value"].mean(), "lines": 0, "with_coupon": 0, "bought": 0})


def mailings_of(offers: pd.DataFrame) -> Mailings:
    """The offers as arrays, one row a household and campaign."""
    offers = offers.sort_values(["campaign", "household_id", "coupon_upc"])
    coupons = [NOTHING, *sorted(set(offers["coupon_upc"].astype(str)))]
    mailing = offers.groupby(["campaign", "household_id"], sort=True).ngroup().to_numpy()
    column = offers.groupby(["campaign", "household_id"]).cumcount().to_numpy() + 1
    features = np.column_stack(
        [
            np.log1p(offers["bought"]),
            np.log1p(offers["lines"]) / 10,
            10 * offers["with_coupon"] / (offers["lines"] + 1),
            np.log1p(offers["products"]) / 10,
            offers["campaign_type"] == "Type C",
            np.ones(len(offers)),
        ]
    )

    def spread(values: np.ndarray, dtype: type) -> np.ndarray:
        array = np.zeros((mailing.max() + 1, column.max() + 1, *values.shape[1:]), dtype)
        array[mailing, column] = values
        return array

    value = offers["value"].to_numpy()
    valid = spread(np.ones(len(offers)), bool)
    valid[:, 0] = True
    return Mailings(
        coupons,
        offers.groupby(["campaign", "household_id"], sort=True)["campaign"].first().to_numpy(),
        spread(np.searchsorted(coupons[1:], offers["coupon_upc"].astype(str)) + 1, np.int32),
        valid,
        spread(features * value[:, None], np.float32),
        spread(value, float),
        spread(offers["redeemed"].to_numpy(), bool),
    )


def _coupon_columns(products: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """By coupon: the number of its products, and the mean of what was paid for a line with one of them."""
    price = lines.groupby("product_id")["sales_value"].mean().rename("value")
    by_coupon = products[["coupon_upc", "product_id"]].drop_duplicates().join(price, on="product_id")
    return by_coupon.groupby("coupon_upc").agg(products=("product_id", "size"), value=("value", "mean")).reset_index()


def _household_columns(members: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """By household and campaign: lines bought before it started, and how many of them with a coupon."""
    before = _lines_before(members, lines)
    grouped = before.groupby(["household_id", "campaign_id"])["coupon_disc"]
    return grouped.agg(lines="size", with_coupon=lambda paid: (paid > 0).sum()).reset_index()


def _bought_before(members: pd.DataFrame, products: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """By household, campaign and coupon: lines with a product of the coupon, bought before the campaign started."""
    before = _lines_before(members, lines[lines["product_id"].isin(products["product_id"])])
    matched = before.merge(products, on=["campaign_id", "product_id"])
    return matched.groupby(["household_id", "campaign_id", "coupon_upc"]).size().rename("bought").reset_index()


def _lines_before(members: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    columns = ["household_id", "product_id", "coupon_disc", "transaction_timestamp"]
    joined = members[["household_id", "campaign_id", "start_date"]].merge(lines[columns], on="household_id")
    return joined[joined["transaction_timestamp"] < joined["start_date"]]
