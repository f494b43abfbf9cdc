"""conformed -> parsed: the distinct address texts of a table, each with its parts."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from dq_pipeline.parsing.cache import recall, remember
from dq_pipeline.parsing.pool import in_processes
from dq_pipeline.parsing.us_address import AddressParts, parse_address
from dq_pipeline.warehouse import Warehouse, quoted, table_name

COLUMNS = ("address_text", *AddressParts._fields)
CHUNK = 4000
# Two processes take about a second to start, in which one parses this many texts.
POOL_FROM = 40_000

Row = tuple[str | None, ...]


def parse_addresses(
    warehouse: Warehouse,
    source_table: str,
    text_column: str,
    target_table: str,
    cache: Path | None = None,
    processes: int | None = None,
) -> int:
    """Write `target_table`, one row for each distinct text of `source_table.text_column`; return its row count.

    `cache` is a Parquet file of earlier answers, read if it fits this version of the parser and written again; it may
    be lost or broken. `processes` None takes as many as there are processors if there is enough to do. The rows are
    the same whatever the cache, the number of processes and the order of the source. Raises StageError.
    """
    warehouse.execute(f"create or replace temp table parsed ({', '.join(f'{name} varchar' for name in COLUMNS)})")
    warehouse.execute(
        f"""create or replace temp table texts as
            select distinct cast({quoted(text_column)} as varchar) as address_text
            from {table_name(source_table)} where {quoted(text_column)} is not null"""
    )
    if cache:
        recall(warehouse, cache, COLUMNS)
    warehouse.execute(
        """create or replace temp table queue as
            select row_number() over (order by address_text) as text_id, address_text
            from texts anti join parsed using (address_text)"""
    )
    waiting = warehouse.count("queue")
    processes = processes or (_processors() if waiting >= POOL_FROM else 1)
    for rows in in_processes(parse_chunk, _chunks(warehouse, waiting), processes):
        _append(warehouse, rows)
    count = warehouse.build(target_table, f"select {', '.join(COLUMNS)} from parsed order by address_text")
    for table in ("queue", "texts", "parsed"):
        warehouse.execute(f"drop table {table}")
    if cache and waiting:
        remember(warehouse, cache, target_table)
    return count


def parse_chunk(texts: Sequence[str]) -> list[Row]:
    """One row for each text; a text on which the parser breaks gets the status `failed` and never stops the rest."""
    return [(text, *_parse_safely(text)) for text in texts]


def _parse_safely(text: str) -> AddressParts:
    try:
        return parse_address(text)
    except Exception as error:  # whatever one text does to the model, the night goes on; the status tells of it
        return AddressParts(parse_status="failed", parse_note=type(error).__name__)


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _chunks(warehouse: Warehouse, count: int) -> Iterator[list[str]]:
    """The texts that wait, chunk by chunk, so that never all of them are in Python's memory."""
    for start in range(0, count, CHUNK):
        query = "select address_text from queue where text_id > ? and text_id <= ? order by text_id"
        yield [text for (text,) in warehouse.rows(query, [start, start + CHUNK])]


def _append(warehouse: Warehouse, rows: list[Row]) -> None:
    """Add a chunk's rows to the table of answers."""
    warehouse.register("parsed_chunk", pd.DataFrame(rows, columns=list(COLUMNS), dtype="object"))
    try:
        warehouse.execute(f"insert into parsed select {', '.join(COLUMNS)} from parsed_chunk")
    finally:
        warehouse.unregister("parsed_chunk")
