"""raw -> validated and quarantined: rows that a critical expectation fails are kept apart, and none is lost.

A source's rows are checked in two forms. Expectations about text (null, regex, LIKE, length) see `raw.<source>`, the
text as it came; all others see the rows with the contract's types, where a value that is not of its type is null,
because it has a finding of its own. So bounds and order are those of numbers and dates, never of text. The typed rows
are `validated.<source>` in the making: they are cast once, checked, and then lose those with a critical finding that
no steward released.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from dq_pipeline.config import Source
from dq_pipeline.quality.checker import Checker, RuleResult
from dq_pipeline.quality.releases import Release, apply_releases, raw_as_json
from dq_pipeline.quality.suites import Suite
from dq_pipeline.sql.declared_types import cast_to_declared, filled
from dq_pipeline.warehouse import Warehouse, literal, quoted, table_name

TYPE_EXPECTATION = "expect_column_values_to_be_of_declared_type"
_TEXT_EXPECTATIONS = ("null", "regex", "like_pattern", "lengths")
_IDENTITY = ("record_id", "source_key", "source_file", "line_number")
_FINDING_COLUMNS = (
    "source", "record_id", "source_key", "code", "expectation", "column_name", "severity", "dimension", "owner",
    "reason", "value",
)  # fmt: skip
_RESULT_COLUMNS = {
    "source": "varchar", "code": "varchar", "expectation": "varchar", "column_name": "varchar", "dimension": "varchar",
    "severity": "varchar", "owner": "varchar", "description": "varchar", "evaluated": "bigint", "failed": "bigint",
    "success": "boolean", "error": "varchar",
}  # fmt: skip


class Conservation(NamedTuple):
    """Where a source's rows went: `read` rows are in raw; each must be in exactly one of the other two.

    `unparsed` lines never became rows and are kept as text in `raw.unparsed`.
    """

    read: int
    validated: int
    quarantined: int
    unparsed: int

    @property
    def holds(self) -> bool:
        """Whether no row was lost or doubled."""
        return self.read == self.validated + self.quarantined


def validate_source(
    warehouse: Warehouse,
    checker: Checker | None,
    source: Source,
    suite: Suite | None = None,
    releases: Sequence[Release] = (),
    carried: Sequence[str] = (),
) -> list[RuleResult]:
    """Check `raw.<source>` by its contract's types and its suite, and divide its rows.

    A critical finding that `releases` name keeps its row out no longer (`quality.releases`). Columns that are `carried`
    come along as text, though the contract does not know them yet.

    Makes `validated.<source>` (no critical finding; typed) and its part of `quarantined.findings`, `.rows` and
    `.rule_results`. Returns the results: a failed critical one without `failing_rows_query`, and any with `error`, is
    for the caller to act on, because no row stands for it. Only a suite needs a checker.
    """
    _prepare(warehouse, source, carried)
    found = _check_types(warehouse, source)
    if suite is not None:
        if checker is None:
            raise ValueError("a suite needs a checker")
        found += _check_suite(checker, source, suite)
    results = [_with_findings(warehouse, source, result) for result in found]
    apply_releases(warehouse, source, releases)
    _divide(warehouse, source)
    record_results(warehouse, results)
    return results


def check_validated(warehouse: Warehouse, checker: Checker, source: Source, suite: Suite) -> list[RuleResult]:
    """Check `validated.<source>` once all sources are divided: what it must be beside the others.

    Adds its results, and one finding for each failing row. No row is kept out any more, so a critical failure is for
    the caller to act on.
    """
    table = f"validated.{source.name}"
    found = [replace(result, table=f"raw.{source.name}") for result in checker.check(table, suite)]
    results = [_with_findings(warehouse, source, result) for result in found]
    record_results(warehouse, results)
    return results


def record_results(warehouse: Warehouse, results: Iterable[RuleResult]) -> None:
    """Add results to `quarantined.rule_results`; `source` is the table, without its schema where that is raw."""
    _make_table(warehouse, "quarantined.rule_results", _RESULT_COLUMNS)
    for result in results:
        row = (
            result.table.removeprefix("raw."), result.code, result.expectation, result.column, result.dimension,
            result.severity, result.owner, result.description, result.evaluated, result.failed, result.success,
            result.error,
        )  # fmt: skip
        marks = ", ".join("?" for _ in row)
        warehouse.execute(f"insert into quarantined.rule_results values ({marks})", row)


def conservation(warehouse: Warehouse, source: str) -> Conservation:
    """Count where the rows of `raw.<source>` are now. A row in both places or in neither counts in neither."""
    query = f"""
        select
            count(*),
            count(*) filter (where validated.record_id is not null and quarantined.record_id is null),
            count(*) filter (where validated.record_id is null and quarantined.record_id is not null)
        from {table_name(f"raw.{source}")} as raw
        left join {table_name(f"validated.{source}")} as validated on validated.record_id = raw.record_id
        left join (select record_id from quarantined.rows where source = {literal(source)}) as quarantined
            on quarantined.record_id = raw.record_id"""
    read, validated, quarantined = warehouse.rows(query)[0]
    unparsed = 0
    if warehouse.has("raw.unparsed"):
        unparsed = warehouse.value("select count(*) from raw.unparsed where source = ?", [source])
    return Conservation(read, validated, quarantined, unparsed)


def _prepare(warehouse: Warehouse, source: Source, carried: Sequence[str]) -> None:
    """The tables that all sources share, without this source's rows of an earlier attempt, and its typed rows."""
    _make_table(warehouse, "quarantined.findings", dict.fromkeys(_FINDING_COLUMNS, "varchar"))
    _make_table(
        warehouse,
        "quarantined.rows",
        {"source": "varchar"} | dict.fromkeys(_IDENTITY, "varchar") | {"line_number": "bigint", "raw": "varchar"},
    )
    _make_table(warehouse, "quarantined.rule_results", _RESULT_COLUMNS)
    for table in ("findings", "rows", "rule_results"):
        warehouse.execute(f"delete from quarantined.{table} where source = ?", [source.name])
    casts = [f"{cast_to_declared(name, column)} as {quoted(name)}" for name, column in source.columns.items()]
    listed = ",\n    ".join([*casts, *(quoted(name) for name in carried), *_IDENTITY, "repeat_no"])
    warehouse.build(f"validated.{source.name}", f"select\n    {listed}\nfrom {table_name(f'raw.{source.name}')}")


def _make_table(warehouse: Warehouse, table: str, columns: dict[str, str]) -> None:
    listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    warehouse.execute(f"create table if not exists {table} ({listed})")


def _check_types(warehouse: Warehouse, source: Source) -> list[RuleResult]:
    """One result for each column that is declared as more than text."""
    typed = {name: column for name, column in source.columns.items() if column.type != "text"}
    if not typed:
        return []
    raw, validated = table_name(f"raw.{source.name}"), table_name(f"validated.{source.name}")
    given = warehouse.rows(f"select {', '.join(f'count({filled(quoted(name))})' for name in typed)} from {raw}")[0]
    kept = warehouse.rows(f"select {', '.join(f'count({quoted(name)})' for name in typed)} from {validated}")[0]
    return [
        RuleResult(
            table=f"raw.{source.name}",
            expectation=TYPE_EXPECTATION,
            code=column.code or f"bad_{name}",
            columns=(name,),
            dimension="validity",
            severity=column.severity,
            owner=source.owner,
            description=f"{name} is {'an' if column.type == 'integer' else 'a'} {column.type}",
            evaluated=given[place],
            failed=given[place] - kept[place],
            success=given[place] == kept[place],
            failing_rows_query=f"select raw.record_id from {raw} as raw join {validated} as typed"
            f" on typed.record_id = raw.record_id"
            f" where {filled(f'raw.{quoted(name)}')} is not null and typed.{quoted(name)} is null",
        )
        for place, (name, column) in enumerate(typed.items())
    ]


def _check_suite(checker: Checker, source: Source, suite: Suite) -> list[RuleResult]:
    """The suite's results in its order, those about text from the raw rows and the others from the typed ones."""
    raw, typed = f"raw.{source.name}", f"validated.{source.name}"
    forms: dict[str, list[tuple[int, dict[str, Any]]]] = {raw: [], typed: []}
    for place, expectation in enumerate(suite.expectations):
        about_text = any(word in expectation["type"] for word in _TEXT_EXPECTATIONS)
        forms[raw if about_text else typed].append((place, expectation))
    found: dict[int, RuleResult] = {}
    for table, listed in forms.items():
        part = replace(suite, expectations=tuple(expectation for _, expectation in listed))
        results = checker.check(table, part)
        found |= {place: replace(result, table=raw) for (place, _), result in zip(listed, results, strict=True)}
    return [found[place] for place in sorted(found)]


def _with_findings(warehouse: Warehouse, source: Source, result: RuleResult) -> RuleResult:
    """Insert one finding for each failing row; its value is that of the raw columns, joined where they are several.

    Should fewer or more rows be found than failed, the result becomes an error: a bad row would slip through.
    """
    if not result.failed or not result.failing_rows_query:
        return result
    known = [name for name in result.columns if name in (*source.columns, *_IDENTITY, "repeat_no")]
    parts = [f"cast({quoted(name)} as varchar)" for name in known]
    value = "null" if not parts else parts[0] if len(parts) == 1 else f"concat_ws(' | ', {', '.join(parts)})"
    constants = (
        result.code, result.expectation, result.column, result.severity, result.dimension, result.owner,
        result.description,
    )  # fmt: skip
    (inserted,) = warehouse.rows(
        f"""insert into quarantined.findings
        select {literal(source.name)}, record_id, source_key, {", ".join(literal(item) for item in constants)}, {value}
        from {table_name(f"raw.{source.name}")}
        where record_id in ({result.failing_rows_query})"""
    )
    if inserted[0] == result.failed:
        return result
    return replace(
        result, success=False, error=f"{result.failed} rows failed, but {inserted[0]} were found by record_id"
    )


def _divide(warehouse: Warehouse, source: Source) -> None:
    """Rows with a critical finding leave `validated` and go to `quarantined.rows`, as JSON of their raw text."""
    name = literal(source.name)
    critical = f"select record_id from quarantined.findings where source = {name} and severity = 'critical'"
    warehouse.execute(
        f"""insert into quarantined.rows
        select {name}, {", ".join(_IDENTITY)}, {raw_as_json(source)}
        from {table_name(f"raw.{source.name}")}
        where record_id in ({critical})"""
    )
    warehouse.execute(f"delete from {table_name(f'validated.{source.name}')} where record_id in ({critical})")
    warehouse.execute(f"alter table {table_name(f'validated.{source.name}')} drop column repeat_no")
