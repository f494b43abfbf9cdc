"""Runs suites of expectations against warehouse tables: the only user of Great Expectations (GX).

GX computes inside the warehouse's own DuckDB connection (`sql_engine`); only counts come back. It lists no DuckDB
datasource, so two of its extension points are used: a datasource type `duckdb` and its execution engine, for which the
metrics of regular expressions (DuckDB's RE2: no look-around, no back-references) and LIKE patterns are registered.

The run date comes in two ways. Where GX takes a date, a suite has GX's own form `{"$PARAMETER": "run_date"}`, or
`run_date_end` for the last instant of that day; inside a text, such as SQL, `{run_date}` becomes YYYY-MM-DD.
As everywhere in GX, expectations about a column pass over null values, except those about null. An expectation that
cannot run counts as failed, with its error.
"""

import difflib
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import SimpleNamespace
from typing import Any, Literal, Self

from dq_pipeline.errors import ConfigError, StageError
from dq_pipeline.quality.suites import Suite, columns_of, describe
from dq_pipeline.warehouse import Warehouse, quoted, table_name

# Counts and the query of the failing rows, but no failing value or row: BASIC with an empty partial list.
_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0, "return_unexpected_index_query": True}
_SQL_TYPE = "unexpected_rows_expectation"
_COMPOUND_TYPE = "expect_compound_columns_to_be_unique"
_RUN_DATE = "{run_date}"
_PARAMETERS = ("run_date", "run_date_end")
# Fields of a GX expectation that a suite does not set in kwargs.
_NOT_KWARGS = {
    "batch_id", "catch_exceptions", "description", "id", "meta", "notes", "rendered_content", "result_format",
    "severity", "windows",
}  # fmt: skip
# URL of an open Checker -> its GX execution engine. GX makes datasources from plain values, so a URL stands for it.
_open_engines: dict[str, Any] = {}


@dataclass(frozen=True)
class RuleResult:
    """What one expectation found in one table.

    `evaluated` and `failed` count rows; rows that the expectation passes over, such as nulls, are not evaluated. An
    expectation about the whole table evaluates one thing. `error` says why an expectation could not run, which counts
    as failed. `failing_rows_query` selects the keys of the failing rows, None for an expectation about the table.
    `success` follows `mostly`, so rows can have failed where it is true.
    """

    table: str
    expectation: str
    code: str
    columns: tuple[str, ...]
    dimension: str
    severity: str
    owner: str
    description: str
    evaluated: int
    failed: int
    success: bool
    error: str | None = None
    failing_rows_query: str | None = None

    @property
    def column(self) -> str | None:
        """The column, or the columns as one text."""
        return ", ".join(self.columns) or None


class Checker:
    """Runs suites against the tables of one warehouse, inside a `with` block and in the warehouse's thread."""

    def __init__(self, warehouse: Warehouse, run_date: date) -> None:
        self._warehouse = warehouse
        day = run_date.isoformat()
        self._parameters = dict(zip(_PARAMETERS, (day, f"{day}T23:59:59.999999"), strict=True))
        self._url = f"dqwarehouse://{id(self)}"

    def __enter__(self) -> Self:
        from dq_pipeline.quality.sql_engine import engine_over

        _open_engines[self._url] = _gx().Engine(engine=engine_over(self._warehouse), create_temp_table=False)
        return self

    def __exit__(self, *_: object) -> None:
        del _open_engines[self._url]

    def check(self, table: str, suite: Suite, key: str = "record_id") -> list[RuleResult]:
        """Run a suite against `schema.table`, whose rows `key` identifies; one result an expectation, in its order.

        Raises ConfigError where an expectation is wrong in form and StageError where there is no such table; what
        fails while it runs is in the results.
        """
        if not suite.expectations:
            return []
        if not self._warehouse.has(table):
            raise StageError(f"there is no table {table} to check", where=suite.path, remedy="run the stage before it")
        filled = [self._filled(expectation) for expectation in suite.expectations]
        with _quiet():
            built = [_build(expectation, position, suite) for position, expectation in enumerate(filled)]
            found = self._validate(table, built, key)
            return [
                self._result(table, key, expectation, form, found.get(position))
                for position, (expectation, form) in enumerate(zip(filled, built, strict=True))
            ]

    def _filled(self, expectation: Mapping[str, Any]) -> dict[str, Any]:
        """The expectation with the run date in its texts."""
        text = json.dumps(expectation["kwargs"]).replace(_RUN_DATE, self._parameters["run_date"])
        return {**expectation, "kwargs": json.loads(text)}

    def _validate(self, table: str, built: Sequence[Any], key: str) -> dict[int, Any]:
        """Position -> GX's result. GX returns those that could not run first, so its order is not ours."""
        gx = _gx()
        schema, name = table.split(".")
        context = gx.get_context(mode="ephemeral", project_config=gx.quiet_config())
        datasource = context.data_sources.add_duckdb(name=schema, connection_string=f"{self._url}/{schema}")
        batches = datasource.add_table_asset(name=name, table_name=quoted(name)).add_batch_definition_whole_table(name)
        report = batches.get_batch().validate(
            gx.ExpectationSuite(name=name, expectations=built),
            result_format={**_RESULT_FORMAT, "unexpected_index_column_names": [key]},
            expectation_parameters=self._parameters,
        )
        return {result.expectation_config.meta["position"]: result for result in report.results}

    def _result(self, table: str, key: str, expectation: Mapping[str, Any], form: Any, found: Any) -> RuleResult:
        error = "Great Expectations returned no result" if found is None else _error(found.exception_info)
        query = None if error else self._failing_rows(table, key, form, found.result)
        if error:
            evaluated, failed = 0, 0
        elif query is None:
            evaluated, failed = 1, 0 if found.success else 1
        elif form.expectation_type == _SQL_TYPE:
            evaluated, failed = self._warehouse.count(table), self._warehouse.value(f"select count(*) from ({query})")
        else:
            evaluated = (found.result["element_count"] or 0) - (found.result.get("missing_count") or 0)
            failed = found.result["unexpected_count"] or 0
        meta = expectation["meta"]
        return RuleResult(
            table=table,
            expectation=expectation["type"],
            code=meta["code"],
            columns=columns_of(expectation),
            dimension=meta["dimension"],
            severity=expectation["severity"],
            owner=meta["owner"],
            description=describe(expectation),
            evaluated=evaluated,
            failed=failed,
            success=not error and bool(found.success),
            error=error,
            failing_rows_query=query,
        )

    def _failing_rows(self, table: str, key: str, form: Any, result: Mapping[str, Any]) -> str | None:
        """A SELECT of the keys of the failing rows, or None for an expectation about the whole table.

        GX's own query leaves out the row condition, and for compound keys it is no valid SQL: hence the domain here.
        """
        name = quoted(key)
        if form.expectation_type == _SQL_TYPE:
            query = form.unexpected_rows_query.format(batch=table_name(table))
            select = f"select distinct {name} from ({query}\n)"
            return select if self._warehouse.bind(select) is None else None
        if form.expectation_type == _COMPOUND_TYPE:
            columns = [quoted(column) for column in form.column_list]
            filled = " and ".join(f"{column} is not null" for column in columns)
            return (
                f"select {name} from (select *, count(*) over (partition by {', '.join(columns)}) as _same_count"
                f" from ({self._domain(form)})) where _same_count > 1 and {filled}"
            )
        query = result.get("unexpected_index_query")
        if query is None:
            return None
        select = f"select {name} from ({query.rstrip(';')})"
        if form.row_condition or getattr(form, "ignore_row_if", None):
            select += f" where {name} in (select {name} from ({self._domain(form)}))"
        return select

    def _domain(self, form: Any) -> str:
        """The rows that an expectation looks at, as SQL: its row condition and its rule for missing values."""
        import sqlalchemy

        names = ("row_condition", "condition_parser", "column_A", "column_B", "column_list", "ignore_row_if")
        kwargs = {name: getattr(form, name) for name in names if getattr(form, name, None) is not None}
        engine = _open_engines[self._url]
        records = engine.get_domain_records(domain_kwargs=kwargs)
        if not isinstance(records, sqlalchemy.FromClause):
            records = records.subquery()
        return str(sqlalchemy.select(sqlalchemy.text("*")).select_from(records).compile(engine.engine))


def expectation_fault(expectation: Mapping[str, Any]) -> str | None:
    """Why Great Expectations would refuse an expectation's type or kwargs, with what to do; None if it takes it."""
    gx = _gx()
    kind, kwargs = expectation["type"], expectation["kwargs"]
    known = gx.list_registered_expectation_implementations()
    if kind not in known:
        near = difflib.get_close_matches(kind, known, n=1)
        return f"unknown expectation type; did you mean {near[0]}?" if near else "unknown expectation type"
    fields = sorted(set(gx.get_expectation_impl(kind).__fields__) - _NOT_KWARGS)
    unknown = [name for name in kwargs if name not in fields]
    if unknown:
        return f"unknown kwarg {', '.join(unknown)}; known: {', '.join(fields)}"
    parameters = set(re.findall(r'"\$PARAMETER": "([^"]*)"', json.dumps(kwargs))) - set(_PARAMETERS)
    if parameters:
        return f"unknown $PARAMETER {', '.join(sorted(parameters))}; known: {', '.join(_PARAMETERS)}"
    if kind == _SQL_TYPE and "{batch}" not in str(kwargs.get("unexpected_rows_query")):
        return "unexpected_rows_query must select from {batch}, which stands for the table"
    try:
        with _quiet():
            _configured(expectation, 0)
    except (gx.exceptions.GreatExpectationsError, ValueError, TypeError) as error:
        hint = '; for the run date write {"$PARAMETER": "run_date"}' if _RUN_DATE in json.dumps(kwargs) else ""
        return f"wrong kwargs: {_faults(error)}{hint}"
    return None


def _faults(error: Exception) -> str:
    """What a validation error says, one part a field; GX tries several types of a field and reports each try."""
    details: list[dict[str, Any]] = error.errors() if hasattr(error, "errors") else []
    messages = {f"{detail['loc'][0]}: {detail['msg']}".removeprefix("__root__: ") for detail in details}
    return "; ".join(sorted(messages)[:4]) or _one_line(str(error))


def _build(expectation: Mapping[str, Any], position: int, suite: Suite) -> Any:
    """The GX expectation, whose meta says its position in the suite. Raises ConfigError."""
    fault = expectation_fault(expectation)
    if fault:
        where = f"expectations[{position}] {expectation['type']}"
        raise ConfigError(f"{where}: {fault}", where=suite.path, remedy="correct it, then run `dq check`")
    return _configured(expectation, position)


def _configured(expectation: Mapping[str, Any], position: int) -> Any:
    kept = {name: expectation[name] for name in ("type", "kwargs", "severity")}
    return _gx().ExpectationConfiguration(**kept, meta={"position": position}).to_domain_obj()


def _error(exception_info: Mapping[str, Any]) -> str | None:
    """Why an expectation could not run, from GX's record of exceptions: one for it, or one for each of its metrics."""
    infos = [exception_info] if "raised_exception" in exception_info else list(exception_info.values())
    messages = {_one_line(str(info.get("exception_message"))) for info in infos if info.get("raised_exception")}
    return "; ".join(sorted(messages)) or None


def _one_line(message: str) -> str:
    """The first line of a message, without the value that DuckDB quotes where a cast fails: it may be personal."""
    line = (message.strip().splitlines() or ["unknown"])[0].removeprefix("Error: ")
    if line.startswith(("Conversion Error", "Out of Range Error")):
        line = re.sub(r"""['"].*['"]|(?<=value )\S+""", "(not shown)", line)
    return line


@contextmanager
def _quiet() -> Iterator[None]:
    """Great Expectations logs to the terminal what is in the results anyway."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


@cache
def _gx() -> Any:
    """Great Expectations with its extensions for DuckDB; imported on first use, which takes about two seconds."""
    import great_expectations as gx
    from great_expectations.data_context.types import base
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
    from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.expectations import registry
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metrics import map_metric_provider

    metrics: Any = map_metric_provider

    class WarehouseEngine(SqlAlchemyExecutionEngine):
        """The execution engine that the metrics below belong to."""

    class WarehouseDatasource(SQLDatasource):
        """The tables of one schema; `connection_string` is the URL of an open Checker with the schema."""

        type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]

        @property
        def schema_(self) -> str:
            return str(self.connection_string).rsplit("/", 1)[1]

        def get_execution_engine(self) -> Any:
            return _open_engines[str(self.connection_string).rsplit("/", 1)[0]]

        def get_engine(self) -> Any:
            return self.get_execution_engine().engine

    for name, (keys, condition) in _text_conditions().items():
        members = {
            "condition_metric_name": f"column_values.{name}",
            "condition_value_keys": keys,
            "_condition": metrics.column_condition_partial(engine=WarehouseEngine)(condition),
        }
        # GX registers a metric when its class is made.
        type(f"Warehouse_{name}", (metrics.ColumnMapMetricProvider,), members)

    def quiet_config() -> Any:
        return base.DataContextConfig(
            store_backend_defaults=base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=base.ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        )

    return SimpleNamespace(
        Engine=WarehouseEngine,
        ExpectationConfiguration=ExpectationConfiguration,
        ExpectationSuite=gx.ExpectationSuite,
        exceptions=gx.exceptions,
        get_context=gx.get_context,
        get_expectation_impl=registry.get_expectation_impl,
        list_registered_expectation_implementations=registry.list_registered_expectation_implementations,
        quiet_config=quiet_config,
    )


def _text_conditions() -> dict[str, tuple[tuple[str, ...], Callable[..., Any]]]:
    """Metric of GX -> its arguments and its condition in DuckDB's SQL, where GX has one for known dialects only."""
    from sqlalchemy import and_, func, not_, or_

    def regex_list(_: Any, column: Any, regex_list: list[str], match_on: str | None = None, **__: Any) -> Any:
        combined = and_ if match_on == "all" else or_
        return combined(*(func.regexp_matches(column, regex) for regex in regex_list))

    def like_pattern(_: Any, column: Any, like_pattern: str, escape: str | None = None, **__: Any) -> Any:
        return column.like(like_pattern, escape=escape)

    def not_regex_list(_: Any, column: Any, regex_list: list[str], **__: Any) -> Any:
        return not_(or_(*(func.regexp_matches(column, regex) for regex in regex_list)))

    return {
        "match_regex": (("regex",), lambda _, column, regex, **__: func.regexp_matches(column, regex)),
        "not_match_regex": (("regex",), lambda _, column, regex, **__: not_(func.regexp_matches(column, regex))),
        "match_regex_list": (("regex_list", "match_on"), regex_list),
        "not_match_regex_list": (("regex_list",), not_regex_list),
        "match_like_pattern": (("like_pattern", "escape"), like_pattern),
        "not_match_like_pattern": (
            ("like_pattern", "escape"),
            lambda *given, **arguments: not_(like_pattern(*given, **arguments)),
        ),
    }
