"""conformed -> parsed: the distinct address texts of a table, each with its parts."""

from pathlib import Path

import pandas as pd

from dq_pipeline.parsing.us_address import AddressParts, parse_address
from dq_pipeline.warehouse import Warehouse, table_name

COLUMNS = ("address_text", *AddressParts._fields)


def parse_addresses(
    warehouse: Warehouse,
    source_table: str,
    text_column: str,
    target_table: str,
    cache: Path | None = None,
    processes: int | None = None,
) -> int:
    """Write `target_table`, one row for each distinct text of `source_table.text_column`; return its row count."""
    columns = ", ".join(f"{name} varchar" for name in COLUMNS)
    warehouse.execute(f"create or replace table {table_name(target_table)} ({columns})")
    query = f"select distinct {text_column} from {table_name(source_table)} where {text_column} is not null order by 1"
    texts = [str(text) for (text,) in warehouse.rows(query)]
    if texts:
        frame = pd.DataFrame([(text, *parse_address(text)) for text in texts], columns=list(COLUMNS), dtype="object")
        warehouse.register("parsed_chunk", frame)
        warehouse.execute(f"insert into {table_name(target_table)} select * from parsed_chunk")
        warehouse.unregister("parsed_chunk")
    return warehouse.count(target_table)
