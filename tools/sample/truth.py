"""Who is who, which addresses are one place, and who only seems to be the same."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tools.sample.customers import Customers
from tools.sample.draw import Ints
from tools.sample.people import COUPLE, FAMILY, JR_SR, OTHER_TOWN, SAME_TOWN, TWINS, People

KINDS = {
    OTHER_TOWN: "other_town",
    SAME_TOWN: "same_town",
    TWINS: "twins",
    JR_SR: "jr_sr",
    COUPLE: "spouses",
    FAMILY: "spouses",
}


def record_truth(source: str, table: pa.Table, person: Ints, place: Ints) -> tuple[pa.Table, pa.Table]:
    """The truth of one source's rows before the shuffle: (record_id, person_id) and (record_id, place_id)."""
    keys = table.column(0).combine_chunks()
    line1 = table.column(next(name for name in table.column_names if name.endswith("line1"))).combine_chunks()
    records = pc.binary_join_element_wise(f"{source}:", keys, "")
    has_place = pc.and_(pc.is_valid(keys), pc.is_valid(line1))
    people = pa.table({"record_id": records, "person_id": _codes("P", person)}).filter(pc.is_valid(keys))
    places = pa.table({"record_id": records, "place_id": _codes("A", place)}).filter(has_place)
    return people, places


def _codes(letter: str, numbers: Ints) -> pa.Array:
    digits = pc.utf8_lpad(pa.array(numbers + 1).cast(pa.string()), 5, "0")
    return pc.binary_join_element_wise(letter, digits, "")


def namesakes(people: People, customers: Customers) -> pa.Table:
    """Pairs of CRM records (the first of each person) that belong to different people however much alike."""
    homes = people.homes
    head = np.cumsum(homes.size) - homes.size
    in_crm = head + np.minimum(homes.size, 2) - 1 < people.in_crm
    household = np.flatnonzero(in_crm & np.isin(homes.kind, list(KINDS)))
    one = head[household]
    copies = homes.model[household] >= 0
    other = np.where(copies, head[np.maximum(homes.model[household], 0)], one + 1)
    first = np.flatnonzero(customers.nth == 0)
    record = [f"crm_customers:C{n:06d}" for n in customers.number[first].tolist()]
    return pa.table({
        "record_id_a": [record[p] for p in one.tolist()],
        "record_id_b": [record[p] for p in other.tolist()],
        "kind": [KINDS[kind] for kind in homes.kind[household].tolist()],
    }).sort_by([("record_id_a", "ascending"), ("record_id_b", "ascending")])  # fmt: skip
