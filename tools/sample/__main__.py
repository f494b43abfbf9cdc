"""python -m tools.sample: write the sample extracts and their truth."""

import calendar
from datetime import date, datetime
from pathlib import Path

import click
import numpy as np
import pyarrow as pa

from tools.sample import documents, plant, plant_trade, trade
from tools.sample.catalog import render_catalog
from tools.sample.customers import Customers, known_people, meet, record, render_customers, render_interactions
from tools.sample.desk import Desk
from tools.sample.draw import Ints, stream
from tools.sample.people import People, invent
from tools.sample.plant_more import choose_buyers, mark_sold_stock, plant_more
from tools.sample.plant_trade import Trade
from tools.sample.tables import Columns, Plan, deliver, more_table, tabulate, write
from tools.sample.truth import namesakes, record_truth

Planted = list[tuple[str, str, int, str, str]]


class Delivery:
    """Writes sources and collects their planted defects and truth."""

    def __init__(self, seed: int, folder: Path, form: str) -> None:
        self.seed, self.folder, self.form = seed, folder, form
        self.planted: Planted = []
        self.held: dict[str, tuple[pa.Table, Plan]] = {}
        self.truth: dict[str, list[pa.Table]] = {"customers": [], "addresses": []}

    def hold(self, table: pa.Table, plan: Plan) -> pa.Table:
        """Keep a source back until the rows that follow are planted."""
        self.held[plan.source] = (table, plan)
        return table

    def send(self) -> None:
        """Shuffle, write and note every source, with the rows that follow and their truth."""
        for source, (table, plan) in self.held.items():
            shuffled, planted = deliver(stream(self.seed, f"shuffle {source}"), table, plan)
            write(shuffled, self.folder, source, self.form)
            self.planted += planted
            if source in ("orders", "shipments"):
                person, place = (np.asarray([getattr(more, of) for more in plan.more]) for of in ("person", "place"))
                self.know(source, more_table(plan, table.schema), person, place)

    def know(self, source: str, table: pa.Table, person: Ints, place: Ints) -> None:
        """Keep the truth of a source's rows."""
        people, places = record_truth(source, table, person, place)
        self.truth["customers"].append(people)
        self.truth["addresses"].append(places)

    def close(self, pairs: pa.Table) -> None:
        """Write the truth files."""
        truth = self.folder / "truth"
        for name, tables in self.truth.items():
            write(pa.concat_tables(tables).sort_by("record_id"), truth, name, self.form)
        write(pairs, truth, "namesakes", self.form)
        names = ("source", "source_key", "line_number", "code", "detail")
        rows = sorted(self.planted, key=lambda row: (row[0], row[3], row[2]))
        columns = {name: [str(row[i]) or None for row in rows] for i, name in enumerate(names)}
        write(pa.table(columns), truth, "planted", self.form)


def send_customers(out: Delivery, people: People, customers: Customers, as_of: int) -> None:
    """Plant and render the CRM's records."""
    rng = stream(out.seed, "render crm_customers")
    plan = Plan("crm_customers", ("customer_id",))
    plant.plant_customers(stream(out.seed, "plant crm_customers"), plan, people, customers, as_of)
    table = tabulate(len(customers.person), lambda rows: render_customers(rng, people, customers, rows), plan)
    out.know("crm_customers", table, customers.person, customers.place)
    out.hold(table, plan)


def send_interactions(out: Delivery, customers: Customers, number: int, as_of: int) -> None:
    """Plant and render the interactions."""
    rng = stream(out.seed, "render crm_interactions")
    talks = meet(out.seed, customers, number, as_of)
    plan = Plan("crm_interactions", ("interaction_id",))
    plant.plant_interactions(stream(out.seed, "plant crm_interactions"), plan, talks, len(customers.person), as_of)
    out.hold(tabulate(number, lambda rows: render_interactions(rng, customers, talks, rows), plan), plan)


def send_inventory(out: Delivery, products: trade.Products, as_of: int) -> pa.Table:
    """Plant and render the inventory and the catalog."""
    sku, where = trade.locate(out.seed, products)
    rng = stream(out.seed, "render inventory")
    plan = Plan("inventory", ("sku", "location"))
    plant.plant_inventory(stream(out.seed, "plant inventory"), plan, products, sku)
    rendered = trade.render_inventory(rng, products, sku, where, as_of)
    table = tabulate(len(sku), lambda rows: {name: values[rows] for name, values in rendered.items()}, plan)
    out.hold(table, plan)
    offered = render_catalog(products, table)
    plan = Plan("catalog", ("sku", "valid_from"))
    size = len(offered["sku"])
    out.hold(tabulate(size, lambda rows: {name: values[rows] for name, values in offered.items()}, plan), plan)
    return table


def make_trade(
    seed: int, people: People, customers: Customers, products: trade.Products, orders: int, as_of: int
) -> Trade:
    """Orders, shipments and their lines with the planted defects."""
    taken = trade.take_orders(seed, people, customers, orders, sum(plant_trade.bare_orders(orders)), as_of)
    lines = trade.fill_lines(seed, taken, products)
    parcels, packed = trade.ship(seed, taken, lines, as_of)
    deals = Trade(
        taken, lines, parcels, packed, lines.price * lines.quantity, np.zeros(orders, dtype=np.int64),
        Plan("orders", ("order_id",)), Plan("order_lines", ("order_id", "line_no")),
        Plan("shipments", ("shipment_id",)), Plan("shipment_lines", ("shipment_id", "line_no")),
    )  # fmt: skip
    rng = stream(seed, "plant trade")
    plant_trade.plant_orders(rng, deals, len(customers.person), as_of)
    plant_trade.plant_lines(rng, deals, products)
    plant_trade.plant_parcels(rng, deals, people, as_of)
    plant_trade.plant_parcel_lines(rng, deals, products)
    return deals


def send_orders(out: Delivery, people: People, customers: Customers, deals: Trade) -> None:
    """Render and write orders and their lines."""
    orders, lines = deals.orders, deals.lines
    total = np.bincount(lines.order, weights=deals.paid, minlength=len(orders.number))[: len(orders.number)]
    cents = total.round().astype(np.int64) + deals.total_off
    rng = stream(out.seed, "render orders")
    table = tabulate(
        len(cents), lambda rows: documents.render_orders(rng, people, customers, orders, cents, rows), deals.order_plan
    )
    out.know("orders", table, orders.buyer, orders.place)
    out.hold(table, deals.order_plan)
    plan = deals.line_plan
    out.hold(tabulate(len(lines.order), lambda rows: documents.render_lines(orders, lines, rows), plan), plan)


def send_shipments(out: Delivery, people: People, deals: Trade) -> None:
    """Render and write shipments and their lines."""
    orders, lines, parcels, packed = deals.orders, deals.lines, deals.parcels, deals.packed
    rng = stream(out.seed, "render shipments")
    table = tabulate(
        len(parcels.order), lambda rows: documents.render_parcels(rng, people, orders, parcels, rows), deals.parcel_plan
    )
    out.know("shipments", table, parcels.recipient, parcels.place)
    out.hold(table, deals.parcel_plan)

    def render_lines(rows: Ints) -> Columns:
        return documents.render_parcel_lines(orders, lines, parcels, packed, rows)

    out.hold(tabulate(len(packed.parcel), render_lines, deals.packed_plan), deals.packed_plan)


def generate(folder: Path, customers: int, orders: int, seed: int, form: str, as_of: date) -> None:
    """Write all extracts and the truth into the folder."""
    today = calendar.timegm(as_of.timetuple())
    out = Delivery(seed, folder, form)
    others = round(0.12 * orders) + 10
    people = invent(seed, known_people(customers), others, today)
    known = record(seed, people, customers, today)
    products = trade.stock_products(seed, orders)
    deals = make_trade(seed, people, known, products, orders, today)
    named = deals.orders.record >= 0
    np.minimum.at(known.created, deals.orders.record[named], deals.orders.ordered[named] - 3600)
    send_interactions(out, known, round(1.5 * customers), today)
    send_customers(out, people, known, today)
    mark_sold_stock(deals, send_inventory(out, products, today), products.sold)
    send_orders(out, people, known, deals)
    send_shipments(out, people, deals)
    crm = out.held["crm_customers"]
    buyers = choose_buyers(stream(seed, "choose buyers"), people, known, crm, deals, today)
    plans = {source: plan for source, (_, plan) in out.held.items()}
    desk = Desk(people, today, plans, 2 * orders + 20_000, len(products.price) + 1)
    plant_more(desk, buyers, orders)
    out.send()
    out.close(namesakes(people, known))


@click.command()
@click.option("--customers", default=3000, show_default=True, help="CRM records.")
@click.option("--orders", default=6000, show_default=True, help="Orders.")
@click.option("--seed", default=42, show_default=True, help="Same seed, same bytes.")
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("data/sample"), show_default=True)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), default="2026-11-20", show_default=True, help="Its today.")
def main(customers: int, orders: int, seed: int, form: str, out: Path, as_of: datetime) -> None:
    """Write dirty sample extracts of invented people, and the truth about them."""
    try:
        generate(out, customers, orders, seed, form, as_of.date())
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"wrote {customers} customers and {orders} orders to {out}")


if __name__ == "__main__":
    main()
