"""Parquet, JSON lines and Excel: the columns they hold, and their rows as text."""

import struct
import warnings
import zipfile
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd

from dq_pipeline.config import Format
from dq_pipeline.warehouse import Warehouse, file_literal, literal, quoted


def parquet_unpacked(warehouse: Warehouse, path: Path) -> int:
    """How many bytes a Parquet file's values take unpacked, at least: by what it tells of itself."""
    query = f"""select
            (select coalesce(sum(total_uncompressed_size), 0) from parquet_metadata({file_literal(path)})),
            (select coalesce(max(num_rows), 0) from parquet_file_metadata({file_literal(path)})),
            (select count(*) from parquet_schema({file_literal(path)}))"""
    told, rows, columns = warehouse.rows(query)[0]
    # A run of equal values takes no room in the file, and a byte for each in a table.
    return int(max(told, rows * columns))


def excel_unpacked(path: Path) -> int:
    """How many bytes a workbook's parts take unpacked. Raises ValueError where it is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, EOFError, NotImplementedError, struct.error) as error:
        raise ValueError(f"no whole workbook ({type(error).__name__}: {error})") from error


def parquet_columns(warehouse: Warehouse, path: Path) -> list[str]:
    """Names of a Parquet file's columns. Raises StageError where it is no Parquet file."""
    query = f"describe select * from read_parquet({file_literal(path)}, hive_partitioning = false)"
    return [str(row[0]) for row in warehouse.rows(query)]


def read_parquet(warehouse: Warehouse, path: Path, names: list[str], target: str) -> None:
    """Land the named columns as text; the line number is the row's, counted from 1."""
    columns = ", ".join(f"nullif(cast({quoted(n)} as varchar), '') as {quoted(f'c{i}')}" for i, n in enumerate(names))
    warehouse.build(
        target,
        f"""select {columns}, file_row_number + 1 as line_number
        from read_parquet({file_literal(path)}, file_row_number = true, hive_partitioning = false)""",
    )


def read_json_lines(warehouse: Warehouse, path: Path, target: str, aside: str) -> None:
    """Land every line that is a JSON object in `target` (json, line_number), any other non-blank one in `aside`."""
    warehouse.build(
        f"{target}",
        f"""with lines as (
            select line, row_number() over () as line_number
            from (
                select unnest(string_split(ltrim(content, chr(65279)), chr(10))) as line
                from read_text({file_literal(path)})
            )
        )
        select
            case when json_valid(line) then json_type(line) = 'OBJECT' else false end as is_object,
            rtrim(line, chr(13)) as line,
            line_number
        from lines
        where trim(line, ' ' || chr(9) || chr(13)) <> ''""",
    )
    warehouse.build(
        aside, f"select line_number, 'not a JSON object' as reason, line as text from {target} where not is_object"
    )
    warehouse.execute(f"delete from {target} where not is_object")


def json_columns(warehouse: Warehouse, target: str) -> list[str]:
    """The keys that any line has, sorted."""
    query = f"select distinct unnest(json_keys(line)) as key from {target} order by key"
    return [str(row[0]) for row in warehouse.rows(query)]


def spread_json(warehouse: Warehouse, names: list[str], target: str) -> None:
    """Turn the landed JSON objects into text columns c0, c1, … for the named keys."""
    pointers = [f"/{name.replace('~', '~0').replace('/', '~1')}" for name in names]
    columns = ", ".join(
        f"nullif(json_extract_string(line, {literal(pointer)}), '') as {quoted(f'c{index}')}"
        for index, pointer in enumerate(pointers)
    )
    warehouse.build(f"{target}_rows", f"select {columns}, line_number from {target}")


def read_excel(path: Path, form: Format) -> pd.DataFrame:
    """A sheet as text; cells are written as a person sees their value, dates in ISO form. Raises ValueError."""
    with path.open("rb") as stream, warnings.catch_warnings():
        # openpyxl tells of styles and extensions that it leaves out; they change no value.
        warnings.simplefilter("ignore")
        try:
            return pd.read_excel(
                stream,
                sheet_name=form.sheet or 0,
                header=0 if form.header else None,
                skiprows=form.skip_lines,
                dtype=str,
                engine="openpyxl",
                na_values=[""],
                keep_default_na=False,
            )
        except (zipfile.BadZipFile, zlib.error, EOFError, ElementTree.ParseError, LookupError, TypeError) as error:
            raise ValueError(f"no whole workbook ({type(error).__name__}: {error})") from error
