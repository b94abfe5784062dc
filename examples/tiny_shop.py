"""Writes a small made-up shop: a log of orders, a table of products and a configuration to start from.

Run it as `.venv/bin/python examples/tiny_shop.py shop`. The customers are made up, so the figures of such a run say
nothing of the models.
"""

import csv
import random
import sys
from datetime import datetime, timedelta
from pathlib import Path

AISLES = {"tea": ("green", "black", "mint"), "coffee": ("mild", "dark", "decaf"), "mugs": ("blue", "white", "large")}
PRODUCTS_PER_KIND, CUSTOMERS, ORDERS_PER_CUSTOMER = 12, 300, 15
FIRST_DAY, DAYS = datetime(2024, 1, 1, 9), 180

CONFIGURATION = """\
run_dir: run
data:
  events:
    path: orders.csv
    columns: {user_id: customer, item_id: sku, timestamp: ordered_at, basket_id: order_no}
    constants: {event_type: purchase}
  items:
    path: products.csv
    columns: {item_id: sku, title: name, category: [department, aisle]}
objectives: {purchase: {event_types: [purchase]}}
ranker: {batch_cases: 16}                    # a small shop has few cases: smaller batches make more steps of them
"""


def products() -> list[dict[str, str]]:
    """One row a product, with the shop's own column names."""
    rows = []
    for aisle, kinds in AISLES.items():
        for kind in kinds:
            for number in range(1, PRODUCTS_PER_KIND + 1):
                name, price = f"{kind.title()} {aisle} No. {number}", f"{2 + number / 4:.2f}"
                sku = f"{aisle[0]}{kind[:2]}{number:03d}"
                rows.append({"sku": sku, "name": name, "department": "Kitchen", "aisle": aisle, "price": price})
    return rows


def orders(catalogue: list[dict[str, str]]) -> list[dict[str, str]]:
    """Order lines: each customer has a favourite aisle, and three products that come back."""
    draw = random.Random(7)
    rows = []
    for customer in range(1, CUSTOMERS + 1):
        aisle = draw.choice(sorted(AISLES))
        liked = [product["sku"] for product in catalogue if product["aisle"] == aisle]
        usual = draw.sample(liked, 3)
        for number in range(ORDERS_PER_CUSTOMER):
            time = FIRST_DAY + timedelta(days=draw.randrange(DAYS), minutes=draw.randrange(600))
            for sku in {draw.choice(usual), draw.choice(usual), draw.choice(liked), draw.choice(catalogue)["sku"]}:
                row = {"customer": f"c{customer:03d}", "sku": sku, "ordered_at": time.isoformat()}
                rows.append({**row, "order_no": f"{customer}-{number}"})
    return sorted(rows, key=lambda row: (row["ordered_at"], row["order_no"], row["sku"]))


def write_shop(folder: Path) -> None:
    """Write orders.csv, with two bad lines, products.csv and shop.yaml into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    catalogue = products()
    lines = orders(catalogue)
    bad = [{**lines[0], "sku": ""}, {**lines[1], "ordered_at": "yesterday"}]
    for name, rows in (("products.csv", catalogue), ("orders.csv", [*lines, *bad])):
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    (folder / "shop.yaml").write_text(CONFIGURATION, encoding="utf-8")


if __name__ == "__main__":
    write_shop(Path(sys.argv[1]))
