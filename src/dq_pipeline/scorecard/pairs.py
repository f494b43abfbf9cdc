"""The review queue -> pairs that a steward can decide, by what is at stake: masked values, and whether they agree."""

from collections.abc import Sequence
from datetime import datetime

from dq_pipeline.scorecard.night import LIST_ROWS, Night, Row, Section
from dq_pipeline.warehouse import table_name

MOST_FIELDS = 16
_NOTHING = 0.5
_STRENGTHS = ((10.0, "very strongly"), (5.0, "strongly"), (2.0, "clearly"), (0.0, "slightly"))
_SAID = {"prior": "two records taken at random", "related": "relatives and neighbors, who share much"}
# Columns of a record that tell nothing about who or what it is.
_ENGINE_COLUMNS = frozenset({"record_id", "source_key", "repeat_no", "source_file", "line_number", "file_hash"})
_CIRCUMSTANCES = frozenset({"source", "status", "channel", "at", "on"})
# Two masters may have many pairs of records between them, and one decision settles them all.
_PAIRS = """with ranked as (
    select entity, priority, record_id_l, record_id_r, master_id_l, master_id_r, match_weight, match_probability,
        reason, value, open_orders, open_order_ids,
        count(*) over (
            partition by least(master_id_l, master_id_r), greatest(master_id_l, master_id_r),
                case when master_id_l = master_id_r then record_id_l || ' ' || record_id_r end
        ) as record_pairs,
        row_number() over (
            partition by least(master_id_l, master_id_r), greatest(master_id_l, master_id_r),
                case when master_id_l = master_id_r then record_id_l || ' ' || record_id_r end
            order by priority, record_id_l, record_id_r
        ) as choice
    from mastered.review_queue
    where entity = ?
)
select entity, record_id_l, record_id_r, master_id_l, master_id_r, match_weight, match_probability, reason, value,
    open_orders, open_order_ids, record_pairs
from ranked
where choice = 1
order by priority, record_id_l, record_id_r"""


def pairs(night: Night, most: int = LIST_ROWS) -> Section:
    """What waits for a decision, in the order of the queue: for each two masters one pair of records, and what agrees.

    At most `most` pairs of an entity.
    Entities that use others as evidence come first: a customer says more than an address.
    """
    entities = night.warehouse.rows(
        "select entity, count(*) from mastered.review_queue group by entity order by entity"
    )
    queues = []
    for entity, record_pairs in sorted(entities, key=lambda row: (-len(_evidence(night, row[0])), row[0])):
        listed = night.listing("mastered.review_queue", _PAIRS, [entity], most)
        ids = {pair[side] for pair in listed.rows for side in ("record_id_l", "record_id_r")}
        held = _records(night, entity, sorted(ids))
        for pair in listed.rows:
            left, right = held.get(pair["record_id_l"], {}), held.get(pair["record_id_r"], {})
            columns = dict.fromkeys([*left, *right])
            fields = [_compared(night, column, left.get(column), right.get(column)) for column in columns]
            pair["fields"] = [field for field in fields if field["agreement"] != "both missing"]
        _add_evidence(night, entity, listed.rows)
        queues.append({"entity": entity, "listing": listed, "record_pairs": record_pairs})
    return {
        "queues": queues,
        "total": sum(queue["listing"].total for queue in queues),
        "shown": sum(len(queue["listing"].rows) for queue in queues),
        "record_pairs": sum(queue["record_pairs"] for queue in queues),
    }


def _add_evidence(night: Night, entity: str, pairs: Sequence[Row]) -> None:
    """Put into each pair what speaks for and against it, in words, and the sum of it."""
    told: dict[tuple[str, str], list[Row]] = {}
    if night.has("mastered.review_evidence"):
        for row in night.warehouse.records(
            """select record_id_l, record_id_r, comparison, level, bits from mastered.review_evidence
            where entity = ? and record_id_l in (select unnest(?)) order by record_id_l, record_id_r, place""",
            [entity, [pair["record_id_l"] for pair in pairs]],
        ):
            told.setdefault((row["record_id_l"], row["record_id_r"]), []).append(row)
    for pair in pairs:
        found = told.get((pair["record_id_l"], pair["record_id_r"]), [])
        pair["evidence"] = _told(found)
        pair["bits"] = sum(row["bits"] for row in found)
        pair["speaks"] = _in_words(pair["bits"])


def _told(rows: Sequence[Row]) -> list[Row]:
    """Rows of evidence with what they say in words."""
    return [
        row
        | {
            "what": _SAID.get(row["comparison"], row["comparison"].replace("_", " ")),
            "words": _in_words(row["bits"]),
        }
        for row in rows
    ]


def _in_words(bits: float) -> str:
    """What a weight says: each bit doubles the odds."""
    if abs(bits) < _NOTHING:
        return "neither way"
    strength = next(word for least, word in _STRENGTHS if abs(bits) >= least)
    return f"{strength} {'for' if bits > 0 else 'against'}"


def _evidence(night: Night, entity: str) -> list[str]:
    """The columns of an entity's records that other entities gave them."""
    records, table = f"mastered.{entity}_records", f"standardized.{entity}"
    if not night.has(records, table):
        return []
    own = night.warehouse.columns(table)
    return [name for name in night.warehouse.columns(records) if name not in own and name != f"{entity}_id"]


def _records(night: Night, entity: str, record_ids: list[str]) -> dict[str, Row]:
    """record_id -> the values by which people tell records apart: those of the golden record, and the evidence."""
    table, golden = f"standardized.{entity}", f"mastered.{entity}_golden"
    if not night.has(table):
        return {}
    kinds = night.warehouse.columns(table)
    columns = [name for name, kind in kinds.items() if name not in _ENGINE_COLUMNS and kind != "BOOLEAN"]
    if night.has(golden):
        shown = night.warehouse.columns(golden)
        columns = [name for name in columns if name in shown or name == "source"]
    columns = columns[:MOST_FIELDS]
    evidence = _evidence(night, entity)
    if evidence:
        table, columns = f"mastered.{entity}_records", [*columns, *evidence]
    listed = ", ".join(table_name(name) for name in ["record_id", *columns])
    rows = night.warehouse.records(
        f"select {listed} from {table_name(table)} where record_id in (select unnest(?)) order by record_id",
        [record_ids],
    )
    return {row.pop("record_id"): row for row in rows}


def _compared(night: Night, column: str, left: object, right: object) -> Row:
    """A field of two records as a reader may see it; circumstances (source, status, dates) need not agree."""
    folded = ["".join(str(value).casefold().split()) if value is not None else "" for value in (left, right)]
    if not any(folded):
        agreement = "both missing"
    elif _CIRCUMSTANCES & set(column.split("_")):
        agreement = ""
    elif not all(folded):
        agreement = "only left" if folded[0] else "only right"
    else:
        agreement = "same" if folded[0] == folded[1] else "different"
    days = [value.date() if isinstance(value, datetime) else value for value in (left, right)]
    shown = [night.shown(column, value) for value in days]
    return {
        "column": column,
        "left": shown[0],
        "right": shown[1],
        "is_id": column.endswith("_id"),
        "agreement": agreement,
    }
