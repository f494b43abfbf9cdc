"""The shop's catalog: what each product costs and since when, and how many pieces the shop offers."""

import pyarrow as pa

from tools.sample.draw import texts
from tools.sample.tables import Columns
from tools.sample.trade import Products, money

SINCE = "2020-01-01 00:00:00"


def render_catalog(products: Products, inventory: pa.Table) -> Columns:
    """The delivered columns of the catalog: one period a product, with what the inventory has left to promise."""
    left: dict[str, int] = {}
    names: dict[str, str] = {}
    gone: dict[str, str] = {}
    for row in inventory.to_pylist():
        sku = row["sku"]
        try:
            left[sku] = left.get(sku, 0) + int(row["on_hand"]) - int(row["allocated"])
        except ValueError:
            left[sku] = left.get(sku, 0)
        names[sku], gone[sku] = row["product_name"], row["discontinued"]
    skus = sorted(names)
    size = len(skus)
    return {
        "sku": texts(skus),
        "product_name": texts([names[sku] for sku in skus]),
        "list_price": money(products.price[[int(sku.removeprefix("SKU-")) - 1 for sku in skus]]),
        "valid_from": texts([SINCE] * size),
        "valid_to": texts([""] * size),
        "available": texts([str(max(left[sku], 0)) for sku in skus]),
        "discontinued": texts([gone[sku] for sku in skus]),
    }
