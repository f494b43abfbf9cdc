"""Who is who, which addresses are one place, and who only seems to be the same."""

import numpy as np
import pyarrow as pa

from tools.sample.customers import Customers
from tools.sample.draw import Ints
from tools.sample.people import COUPLE, FAMILY, JR_SR, OTHER_TOWN, SAME_TOWN, TWINS, People

KINDS = {OTHER_TOWN: "other_town", SAME_TOWN: "same_town", TWINS: "twins", JR_SR: "jr_sr", COUPLE: "spouses", FAMILY: "spouses"}


def record_truth(source: str, table: pa.Table, person: Ints, place: Ints) -> tuple[pa.Table, pa.Table]:
    """The truth of one source's rows before the shuffle: (record_id, person_id) and (record_id, place_id)."""
    keys = table.column(0).slice(0, len(person)).to_pylist()
    line1 = table.column(next(n for n in table.column_names if n.endswith("line1"))).slice(0, len(person)).to_pylist()
    has_place = np.asarray([bool(key) and bool(line) for key, line in zip(keys, line1, strict=True)])
    has_key = np.asarray([bool(key) for key in keys])
    record = np.asarray([f"{source}:{key}" for key in keys], dtype=object)
    return _pairs(record[has_key], "person_id", "P", person[has_key]), _pairs(record[has_place], "place_id", "A", place[has_place])


def _pairs(record: np.ndarray[tuple[int], np.dtype[np.object_]], name: str, letter: str, codes: Ints) -> pa.Table:
    return pa.table({"record_id": record, name: [f"{letter}{code + 1:05d}" for code in codes.tolist()]})


def namesakes(people: People, customers: Customers) -> pa.Table:
    """Pairs of CRM records (the first of each person) that belong to different people however much alike."""
    homes = people.homes
    head = np.cumsum(homes.size) - homes.size
    household = np.flatnonzero((head + np.minimum(homes.size, 2) - 1 < people.in_crm) & np.isin(homes.kind, list(KINDS)))
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
