"""An extract written anew without rows, or with columns of rows blanked; every other line stays as it was."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path

from dq_pipeline.config import Format, Source
from dq_pipeline.extracts.delimited import numbered_lines, read_header, records
from dq_pipeline.extracts.people import Changes
from dq_pipeline.extracts.plain import PlainFile
from dq_pipeline.extracts.snapshot_writer import SnapshotWriter
from dq_pipeline.extracts.structured import parquet_columns, read_excel
from dq_pipeline.sheets import blank_workbook
from dq_pipeline.warehouse import Warehouse, file_literal, literal, quoted


def write_cleaned(
    warehouse: Warehouse, source: Source, plain: PlainFile, changes: Changes, writer: SnapshotWriter
) -> str:
    """Write the file without what must go; returns the suffix by which it is read. It is unpacked.

    Columns that the contract does not know are blanked with a person: nobody says whose they are.
    """
    form = source.format
    named = source.header_names()
    names = _names(warehouse, source, plain)
    unknown = set(names) - set(named.values())
    blanked = {line: {named[column] for column in columns} | unknown for line, columns in changes.blanked.items()}
    if form.type == "csv":
        encoder = codecs.getincrementalencoder(form.encoding)(errors="surrogateescape")
        for line in _csv(plain.path, source, names, changes.dropped, blanked):
            writer.write(encoder.encode(line))
        writer.write(encoder.encode("", final=True))
        return ".csv"
    if form.type == "jsonl":
        for part in _json_lines(plain.path, changes.dropped, blanked):
            writer.write(part)
        return ".jsonl"
    made = writer.part.with_name(f"{writer.part.name}.made")
    try:
        if form.type == "parquet":
            _parquet(warehouse, plain.path, made, changes.dropped, blanked)
        else:
            blank_workbook(plain.path, made, form.sheet, names, changes.dropped, blanked)
        with made.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                writer.write(chunk)
    finally:
        made.unlink(missing_ok=True)
    return ".parquet" if form.type == "parquet" else plain.path.suffix


def _names(warehouse: Warehouse, source: Source, plain: PlainFile) -> list[str]:
    """The columns of the file in its order; of JSON lines the keys of any line."""
    form = source.format
    if form.type == "parquet":
        return parquet_columns(warehouse, plain.path)
    if form.type == "jsonl":
        query = f"""select distinct unnest(json_keys(line)) as name from (
                select unnest(string_split(ltrim(content, chr(65279)), chr(10))) as line
                from read_text({file_literal(plain.path)})
            )
            where case when json_valid(line) then json_type(line) = 'OBJECT' else false end order by name"""
        return [str(name) for (name,) in warehouse.rows(query)]
    if not form.header:
        return list(source.header_names().values())
    if form.type == "excel":
        return [str(name).strip() for name in read_excel(plain.path, form).columns]
    return read_header(plain.path, form, source.limits) or []


def _csv(
    path: Path, source: Source, names: list[str], dropped: frozenset[int], blanked: dict[int, set[str]]
) -> Iterator[str]:
    """The lines of the file; a record that changes is written whole on its first line."""
    instead: dict[int, str] = {}
    form = source.format
    header = form.header
    for record in records(path, form, source.limits):
        if header:
            header = False
            continue
        first, last = record.lines[0], record.lines[-1]
        if not dropped.isdisjoint(number for number, _ in record.lines):
            instead |= {number: "" for number, _ in record.lines}
        elif first[0] in blanked and record.fields:
            gone = blanked[first[0]]
            fields = ["" if name in gone else value for name, value in zip(names, record.fields, strict=False)]
            end = last[1][len(last[1].rstrip("\r\n")) :]
            instead |= {number: "" for number, _ in record.lines}
            instead[first[0]] = form.delimiter.join(_written(value, form) for value in fields) + end
    for number, line in numbered_lines(path):
        yield instead.get(number, line)


def _written(value: str, form: Format) -> str:
    """A value as the dialect writes it."""
    if not form.quote or not {form.delimiter, form.quote, form.escape, "\n", "\r"}.intersection(value):
        return value
    escape = form.escape or form.quote
    if escape != form.quote:
        value = value.replace(escape, escape * 2)
    return form.quote + value.replace(form.quote, escape + form.quote) + form.quote


def _json_lines(path: Path, dropped: frozenset[int], blanked: dict[int, set[str]]) -> Iterator[bytes]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if number in dropped:
                continue
            if number in blanked:
                held = json.loads(line.decode("utf-8-sig"))
                held = {name: None if name in blanked[number] else value for name, value in held.items()}
                yield json.dumps(held, ensure_ascii=False).encode() + b"\n"
            else:
                yield line


def _parquet(
    warehouse: Warehouse, path: Path, made: Path, dropped: frozenset[int], blanked: dict[int, set[str]]
) -> None:
    lines: dict[str, list[str]] = {}
    for line, names in blanked.items():
        for column in names:
            lines.setdefault(column, []).append(str(line - 1))
    known = warehouse.rows(f"describe select * from read_parquet({file_literal(path)}, hive_partitioning = false)")
    columns = ", ".join(
        f"case when file_row_number not in ({', '.join(lines[name])}) then {quoted(name)} end as {quoted(name)}"
        if name in lines
        else quoted(name)
        for name in (str(row[0]) for row in known)
    )
    gone = ", ".join(str(line - 1) for line in dropped) or "-1"
    warehouse.execute(
        f"""copy (
            select {columns}
            from read_parquet({file_literal(path)}, file_row_number = true, hive_partitioning = false)
            where file_row_number not in ({gone})
        ) to {literal(made)} (format parquet)"""
    )
