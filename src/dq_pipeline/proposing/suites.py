"""The suites of a proposed project, in Great Expectations' own JSON form: what any row of such a file should be."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

from dq_pipeline.proposing.proposal import SourceProposal
from dq_pipeline.proposing.shapes import PLACEHOLDER

Expectation = dict[str, Any]
_SPACE = uuid.UUID("6f0c3e0e-5a83-4d0c-8d0c-0a3d9a4c5b11")
_NAMES = ("full_name", "company", "first_name", "last_name")
_NOT_NULL = "expect_column_values_to_not_be_null"


def source_suite(proposal: SourceProposal) -> str:
    """`expectations/raw/<source>.json`. Only a key that is missing or comes again keeps a row out."""
    made = [*_keys(proposal), *_values(proposal), *_names(proposal)]
    return _suite(proposal.name, made)


def mastered_suite(table: str, key: str) -> str:
    """`expectations/mastered/<table>.json`: what a published table with this key promises."""
    made = [
        _critical(_NOT_NULL, "missing_key", f"Every row has its {key}", column=key),
        _critical("expect_column_values_to_be_unique", "repeated_key", f"One row a {key}", column=key),
    ]
    if table == "customer":
        kinds = ["person", "organization"]
        told = "customer_type is person or organization"
        said = "Every customer can be addressed by a name"
        made += [
            _critical(
                "expect_column_values_to_be_in_set",
                "bad_customer_type",
                told,
                column="customer_type",
                value_set=kinds,
            ),
            _warning(_NOT_NULL, "missing_name", said, column="display_name"),
        ]
    return _suite(table, made)


def _keys(proposal: SourceProposal) -> Iterator[Expectation]:
    yield _critical("expect_table_row_count_to_be_between", "no_rows", "The extract has rows", min_value=1)
    for column in proposal.key:
        yield _critical(_NOT_NULL, "missing_key", f"{column} is not blank: it is of the key", column=column)
    told = f"One row a {' and '.join(proposal.key)}: repeat_no counts the rows that have the same, the newest is 1"
    yield _critical("expect_column_values_to_be_between", "repeated_key", told, column="repeat_no", max_value=1.0)


def _values(proposal: SourceProposal) -> Iterator[Expectation]:
    """What e-mails, phones, dates, states and ZIPs should be; rules of the United States on their rows only."""
    fields, us = proposal.fields, _us_rows(proposal)
    for column in fields.get("email", ()):
        yield _rows(column, "bad_email", f"std_email({column}) is null", f"{column} has the form name@domain.tld")
    for column in fields.get("birth_date", ())[:1]:
        bad = f"coalesce(std_birth_date({column}) < date '{{run_date}}' - interval 120 year, true)"
        yield _rows(column, "bad_birth_date", bad, f"{column} is a date, not in the future, at most 120 years ago")
    if not us:
        return
    rules = (
        ("phone", "not std_phone_is_valid({}, 'US')", "a phone number that can be dialed"),
        ("state", "not std_state_is_us({})", "a state"),
        ("postal_code", "not std_postal_code_is_valid({}, 'US')", "a ZIP code"),
    )
    for field, bad, told in rules:
        for column in fields.get(field, ()):
            said = f"{column} is {told}, in US rows"
            yield _rows(column, f"bad_{field}", f"{us} and {bad.format(column)}", said)


def _names(proposal: SourceProposal) -> Iterator[Expectation]:
    """That a name is given, and is no placeholder."""
    columns = [column for field in _NAMES for column in proposal.fields.get(field, ())]
    for column in columns:
        told = f"{column} is a name, no placeholder such as N/A, TEST or XXX"
        kind = "expect_column_values_to_not_match_regex"
        yield _warning(kind, "placeholder_value", told, column=column, regex=PLACEHOLDER)
    if columns and proposal.entity == "customer":
        blank = " and ".join(f"{column} is null" for column in columns)
        yield _made(_query(columns[0], blank), "missing_name", "completeness", "A name is given", "warning")


def _us_rows(proposal: SourceProposal) -> str:
    """SQL for the rows of the United States; empty where the file has none."""
    country = proposal.fields.get("country", ())
    if proposal.has("country"):
        return f"coalesce(std_country({country[0]}), '{proposal.country or 'US'}') = 'US'"
    return "true" if proposal.country == "US" else ""


def _rows(column: str, code: str, bad: str, description: str) -> Expectation:
    """A warning on the rows that have a value in `column` and meet the SQL condition `bad`."""
    return _made(_query(column, f"{column} is not null and {bad}"), code, "validity", description, "warning")


def _query(column: str, where: str) -> Expectation:
    query = f"select record_id from {{batch}} where {where}"
    kwargs = {"unexpected_rows_query": query}
    return {"type": "unexpected_rows_expectation", "kwargs": kwargs, "meta": {"column": column}}


def _critical(kind: str, code: str, description: str, **kwargs: Any) -> Expectation:
    dimension = "uniqueness" if code == "repeated_key" else "validity" if code.startswith("bad_") else "completeness"
    return _made({"type": kind, "kwargs": kwargs, "meta": {}}, code, dimension, description, "critical")


def _warning(kind: str, code: str, description: str, **kwargs: Any) -> Expectation:
    dimension = "completeness" if code == "missing_name" else "validity"
    return _made({"type": kind, "kwargs": kwargs, "meta": {}}, code, dimension, description, "warning")


def _made(rule: Expectation, code: str, dimension: str, description: str, severity: str) -> Expectation:
    meta = {**rule["meta"], "code": code, "dimension": dimension, "owner": "data"}
    return {**rule, "description": description, "meta": meta, "severity": severity}


def _suite(name: str, made: list[Expectation]) -> str:
    """The suite's text; ids are made of what an expectation says, so that the same proposal gives the same bytes."""
    numbered = [
        {**one, "id": str(uuid.uuid5(_SPACE, f"{name} {number} {json.dumps(one, sort_keys=True)}"))}
        for number, one in enumerate(made)
    ]
    document = {
        "expectations": numbered,
        "id": str(uuid.uuid5(_SPACE, name)),
        "meta": {"great_expectations_version": "1.24.1"},
        "name": name,
        "notes": None,
    }
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
