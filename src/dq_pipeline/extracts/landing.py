"""A source's files landed as one `raw` table: every contract column as text, with the identity of each row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from dq_pipeline.config import Source
from dq_pipeline.errors import Breach, StageError, lacks_room
from dq_pipeline.extracts.delimited import MAX_FAST_COLUMNS, read_carefully, read_fast, read_header
from dq_pipeline.extracts.drift import SchemaChange, compare_names, retyped, with_contents
from dq_pipeline.extracts.inputs import Delivery, InputFile, in_place
from dq_pipeline.extracts.locate import locate
from dq_pipeline.extracts.plain import PlainFile, check_unpacked, make_plain
from dq_pipeline.extracts.shape import Shape, judged, names_breach, refused, retyped_breach
from dq_pipeline.extracts.structured import (
    excel_unpacked,
    json_columns,
    parquet_columns,
    parquet_unpacked,
    read_excel,
    read_json_lines,
    read_parquet,
    spread_json,
)
from dq_pipeline.regular import printable
from dq_pipeline.sql.declared_types import cast_to_declared
from dq_pipeline.warehouse import Warehouse, literal, quoted

LANDING, ASIDE = "raw.landing", "raw.landing_aside"


@dataclass(frozen=True)
class Landed:
    """What a source's extract held, every promise of its contract that it broke, and how its columns changed."""

    files: tuple[PlainFile, ...]
    rows: int
    unparsed: int
    breaches: tuple[Breach, ...]
    changes: tuple[SchemaChange, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether there is a raw table to work on."""
        return bool(self.files)


def land_in_place(warehouse: Warehouse, source: Source, folder: Path, run_date: date, scratch: Path) -> Landed:
    """Land a source's local files from where they are: for a look at them, not for a night."""
    found = locate(source, folder, run_date)
    if isinstance(found, list) and any(_is_no_utf8(path) for path in found):
        message, remedy = "the name of the file, or of a folder, is no UTF-8", "give it another name"
        found = Breach("unreadable_extract", printable(str(found[0])), message, remedy)
    delivery = found if isinstance(found, Breach) else tuple(in_place(path) for path in found)
    return land(warehouse, source, delivery, run_date, scratch)


def _is_no_utf8(path: Path) -> bool:
    """Whether DuckDB cannot be told of it. A snapshot has a name of ours."""
    return any("\ud800" <= letter <= "\udfff" for letter in str(path))


def land(warehouse: Warehouse, source: Source, delivery: Delivery, run_date: date, scratch: Path) -> Landed:
    """Read a source's files into `raw.<source>` and `raw.unparsed`.

    `scratch` is a folder for unpacked copies. A file that is missing, empty, cut short or of another shape is a
    breach; then no raw table of this source is made.
    """
    if isinstance(delivery, Breach):
        return Landed((), 0, 0, (delivery,))
    warehouse.execute(f"create or replace table raw.landed ({_landed_columns(source)})")
    files, breaches = [], []
    changes: list[SchemaChange] = []
    carried: dict[str, None] = {}
    for file in delivery:
        plain = make_plain(source, file, scratch)
        if isinstance(plain, Breach):
            breaches.append(plain)
            continue
        shape = _land_file(warehouse, source, plain)
        files.append(plain)
        changes += shape.changes
        carried |= dict.fromkeys(shape.carried)
        if shape.breach:
            breaches.append(shape.breach)
    if breaches:
        warehouse.execute("drop table if exists raw.landed")
        return Landed((), 0, 0, tuple(breaches), tuple(changes))
    # A key that ends in `#2` is not the second row of another key.
    key = _key(source)
    warehouse.build("raw.landed_keys", f"select {key} as source_key from raw.landed where {key} like '%#%'")
    rows = warehouse.build(f"raw.{source.name}", _identified(source, list(carried)))
    for table in ("raw.landed", "raw.landed_keys"):
        warehouse.execute(f"drop table {table}")
    unparsed = int(warehouse.value("select count(*) from raw.unparsed where source = ?", [source.name]))
    breaches = _promises(warehouse, source, rows, run_date, delivery)
    others = retyped(warehouse, source)
    if others and source.drift == "strict":
        others = list(refused(others))
        breaches.append(retyped_breach(source, ", ".join(file.place for file in delivery), others))
    return Landed(tuple(files), rows, unparsed, tuple(breaches), (*changes, *others))


def _landed_columns(source: Source) -> str:
    typed = [f"{quoted(name)} varchar" for name in source.columns]
    return ", ".join([*typed, "source_file varchar", "line_number bigint", "file_hash varchar"])


def _land_file(warehouse: Warehouse, source: Source, plain: PlainFile) -> Shape:
    """One file into raw.landed, its bad lines into raw.unparsed; a breach where its shape is not the contract's."""
    for table in (LANDING, ASIDE, f"{LANDING}_rows"):
        warehouse.execute(f"drop table if exists {table}")
    try:
        breach = _bomb(warehouse, source, plain)
        names = [] if breach else _names_in_file(warehouse, source, plain)
        breach = breach or names_breach(source, plain, names)
        if breach:
            return Shape(breach=breach)
        changes = compare_names(source, plain.source_file.name, names)
        try:
            table = _read(warehouse, source, plain, names, bool(changes))
        except (StageError, ValueError, OSError) as error:
            # Names that are not the contract's say more than what a reader makes of them.
            shape = judged(source, plain, changes)
            if shape.breach and not lacks_room(error):
                return shape
            raise
        if changes:
            changes = with_contents(warehouse, table, source, names, changes)
    except (StageError, ValueError, OSError) as error:
        if lacks_room(error):
            raise
        reason = printable(error.message.splitlines()[0] if isinstance(error, StageError) else str(error))
        message = f"the file cannot be read as {source.format.type}: {reason}"
        remedy = f"ask {source.owner} to deliver it again"
        return Shape(breach=Breach("unreadable_extract", plain.source_file.place, message, remedy))
    shape = judged(source, plain, changes)
    if shape.breach is None:
        _keep(warehouse, source, plain, table, names, shape)
    return shape


def _keep(
    warehouse: Warehouse, source: Source, plain: PlainFile, table: str, names: Sequence[str], shape: Shape
) -> None:
    """The rows of `table` into raw.landed, with the columns that are carried, and the lines aside into raw.unparsed."""
    positions = {name: index for index, name in reversed(list(enumerate(names)))}
    wanted = source.header_names() | {name: name for name in shape.carried}
    for name in shape.carried:
        warehouse.execute(f"alter table raw.landed add column if not exists {quoted(name)} varchar")
    columns = ", ".join(
        f"{quoted(f'c{positions[theirs]}') if theirs in positions else 'null'} as {quoted(ours)}"
        for ours, theirs in wanted.items()
    )
    file = literal(plain.source_file.name)
    warehouse.execute(
        f"""insert into raw.landed by name
        select {columns}, {file} as source_file, line_number, {literal(plain.sha256)} as file_hash from {table}"""
    )
    if warehouse.has(ASIDE):
        warehouse.execute(
            f"""insert into raw.unparsed
            select {literal(source.name)}, {file}, line_number, reason, text from {ASIDE}"""
        )
    for leftover in (LANDING, ASIDE, f"{LANDING}_rows"):
        warehouse.execute(f"drop table if exists {leftover}")


def _bomb(warehouse: Warehouse, source: Source, plain: PlainFile) -> Breach | None:
    """The breach that a file which is packed within itself would unpack to more than its contract allows."""
    if source.format.type == "parquet":
        return check_unpacked(source, plain.source_file, plain.size, parquet_unpacked(warehouse, plain.path))
    if source.format.type == "excel":
        return check_unpacked(source, plain.source_file, plain.size, excel_unpacked(plain.path))
    return None


def _names_in_file(warehouse: Warehouse, source: Source, plain: PlainFile) -> list[str]:
    """The columns that the file has, in its order; for a file without header the contract's own, by position."""
    form = source.format
    if form.type == "parquet":
        return parquet_columns(warehouse, plain.path)
    if form.type == "jsonl":
        read_json_lines(warehouse, plain.path, LANDING, ASIDE)
        if not warehouse.count(LANDING):
            raise ValueError("no line of it is a JSON object")
        return json_columns(warehouse, LANDING)
    if form.type == "excel":
        frame = read_excel(plain.path, form)
        return [str(name).strip() for name in frame.columns] if form.header else list(source.header_names().values())
    if not form.header:
        return list(source.header_names().values())
    return read_header(plain.path, form, source.limits) or []


def _read(warehouse: Warehouse, source: Source, plain: PlainFile, names: list[str], with_others: bool) -> str:
    """Land the file's rows and return the table that holds them, columns c0, c1, … in the file's order.

    `with_others` asks for columns that the contract does not name as well.
    """
    form, path = source.format, plain.path
    if form.type == "parquet":
        read_parquet(warehouse, path, names, LANDING)
    elif form.type == "jsonl":
        spread_json(warehouse, names, LANDING)
        return f"{LANDING}_rows"
    elif form.type == "excel":
        _land_frame(warehouse, read_excel(path, form), 1 + form.skip_lines + int(form.header))
    elif not (plain.is_clean_text and read_fast(warehouse, path, form, names, plain.lines, LANDING)):
        wanted = set(source.header_names().values())
        kept = [place for place, name in enumerate(names) if name in wanted]
        if with_others and len(names) <= MAX_FAST_COLUMNS:
            kept = list(range(len(names)))
        read_carefully(warehouse, path, form, names, LANDING, ASIDE, source.limits, kept)
    return LANDING


def _land_frame(warehouse: Warehouse, frame: pd.DataFrame, first_line: int) -> None:
    frame = frame.astype(object).where(frame.notna(), None)
    frame.columns = pd.Index([f"c{index}" for index in range(frame.shape[1])])
    frame["line_number"] = range(first_line, first_line + len(frame))
    typed = ", ".join(f"cast({name} as varchar) as {name}" for name in frame.columns[:-1])
    warehouse.register("landing_sheet", frame)
    warehouse.build(LANDING, f"select {typed}, line_number from landing_sheet")
    warehouse.unregister("landing_sheet")


def _identified(source: Source, carried: Sequence[str]) -> str:
    """The SELECT that gives landed rows their identity from raw values alone, so that better cleaning never re-keys.

    A key that is delivered again gets a `repeat_no` above 1: the newest by `newest_by` is 1, equal ones in order of
    content, so that the order of rows in a file changes nothing. Columns that are `carried` along are no content: an id
    must not change with them.
    """
    columns = ",\n                ".join(quoted(name) for name in (*source.columns, *carried))
    content = ", ".join(f"coalesce({quoted(name)}, chr(30))" for name in source.columns)
    newest = ""
    if source.newest_by:
        newest = f"{cast_to_declared(source.newest_by, source.columns[source.newest_by])} desc nulls last, "
    # `_name` with its underscore: a source may well have a column `name`. Only rows whose key is missing or delivered
    # again are hashed and ranked: to sort all of them is what a large extract has no memory for.
    return f"""
        with keyed as (
            select
                {columns},
                {_key(source)} as source_key,
                source_file, line_number, file_hash
            from raw.landed
        ), again as (
            select source_key
            from keyed
            where source_key is not null
            group by source_key
            having count(*) > 1
        ), doubtful as (
            select *, md5(concat_ws(chr(31), {content})) as content_hash
            from keyed
            where source_key is null or source_key in (select source_key from again)
        ), numbered as (
            select
                *,
                row_number() over (
                    partition by coalesce(source_key, '?' || content_hash)
                    order by {newest}content_hash, source_file, line_number
                ) as repeat_no
            from doubtful
        ), named as (
            select
                *,
                coalesce(source_key, '?' || left(content_hash, 12))
                    || case when repeat_no = 1 then '' else '#' || repeat_no end as _name
            from numbered
        )
        select
            {columns},
            {literal(source.name)} || ':' || source_key as record_id,
            source_key,
            1 as repeat_no,
            source_file,
            line_number,
            file_hash
        from keyed
        where source_key is not null and source_key not in (select source_key from again)
        union all
        select
            {columns},
            {literal(source.name)} || ':' || _name
                || case
                    when repeat_no > 1 and _name in (select source_key from raw.landed_keys) then '#' || content_hash
                    else ''
                end as record_id,
            source_key,
            cast(repeat_no as integer) as repeat_no,
            source_file,
            line_number,
            file_hash
        from named"""


def _key(source: Source) -> str:
    """SQL for the source key, null where a part of it is blank.

    In a key of several columns `/` and `%` within a part are written as %2F and %25, so that no two keys are one text.
    """
    parts = [f"nullif(trim({quoted(name)}), '')" for name in source.key]
    if len(parts) > 1:
        parts = [f"replace(replace({part}, '%', '%25'), '/', '%2F')" for part in parts]
    return " || '/' || ".join(parts)


def _promises(
    warehouse: Warehouse, source: Source, rows: int, run_date: date, files: tuple[InputFile, ...]
) -> list[Breach]:
    """Row-count bounds and freshness that the extract misses."""
    where = ", ".join(file.place for file in files)
    bounds, breaches = source.rows, []
    contract = f"change `rows` in sources/{source.name}.yml if this is the new normal, else ask {source.owner}"
    if rows < bounds.min:
        gate = "empty_extract" if rows == 0 else "too_few_rows"
        breaches.append(
            Breach(gate, where, f"{source.name} has {rows:,} rows, at least {bounds.min:,} are expected", contract)
        )
    if bounds.max is not None and rows > bounds.max:
        message = f"{source.name} has {rows:,} rows, at most {bounds.max:,} are expected"
        breaches.append(Breach("too_many_rows", where, message, contract))
    if source.freshness and rows:
        column, most = source.freshness.column, source.freshness.max_age_days
        dated = f"try_cast({cast_to_declared(column, source.columns[column])} as timestamp)"
        newest = warehouse.value(
            f"select max(cast({dated} as date)) from raw.{source.name} where cast({dated} as date) <= ?", [run_date]
        )
        if newest is None or (run_date - newest).days > most:
            message = (
                f"the newest {column} of {source.name} is {newest or 'unknown'}, over {most} days before {run_date}"
            )
            remedy = f"ask {source.owner} for a fresh extract, or run with the --date it belongs to"
            breaches.append(Breach("stale_extract", where, message, remedy))
    return breaches
