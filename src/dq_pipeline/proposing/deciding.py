"""What a project must know beside its columns: key, system, person or organization, country, order of dates, types."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dq_pipeline.config import Column
from dq_pipeline.errors import ConfigError
from dq_pipeline.proposing.fields import fields_of, words
from dq_pipeline.proposing.keys import find_column, find_key
from dq_pipeline.proposing.mapping import Choice, map_columns
from dq_pipeline.proposing.profiles import Profile, common_values, profile
from dq_pipeline.proposing.proposal import Ask, Question, SourceProposal
from dq_pipeline.proposing.reading import Extract, Wanted, read_extract
from dq_pipeline.sql.declared_types import cast_to_declared
from dq_pipeline.warehouse import Warehouse


def propose_source(warehouse: Warehouse, extract: Extract, entity: str, ask: Ask | None = None) -> SourceProposal:
    """Look at a landed extract and decide. `ask` answers what is unsure; None takes each question's default.

    Raises ConfigError where something must be told: the key, or which column names a customer.
    """
    table = f"raw.{extract.wanted.name}"
    profiles = profile(warehouse, table, extract.columns)
    choices = map_columns(extract.headers, profiles, entity)
    choices = _as_told(extract, choices, entity)
    choices = {column: _answered(extract, choice, profiles[column], ask) for column, choice in choices.items()}
    system = next((column for column, choice in choices.items() if choice.field == "system"), None)
    key, repeated, notes = find_key(warehouse, extract, profiles, choices, system, ask)
    proposal = SourceProposal(extract, entity, profiles, choices, key, repeated, notes=(*extract.notes, *notes))
    _says_something(proposal)
    proposal = _with_country(warehouse, proposal)
    if entity == "customer":
        proposal = _with_kind(warehouse, proposal)
        proposal = _with_date_order(proposal, ask)
    return replace(proposal, types=_types(warehouse, proposal))


def suggest_columns(warehouse: Warehouse, wanted: Wanted, width: int, entity: str, scratch: Path) -> str:
    """Names for the fields of a file without header, as far as their values tell: `id,-,first_name,…`."""
    extract = read_extract(warehouse, replace(wanted, columns=("-",) * width), scratch)
    profiles = profile(warehouse, f"raw.{wanted.name}", extract.columns)
    choices = map_columns(extract.headers, profiles, entity)
    key = next((name for name in extract.columns if profiles[name].is_unique and not choices[name].field), None)
    return ",".join("id" if name == key else choices[name].field or "-" for name in extract.columns)


def _answered(extract: Extract, choice: Choice, seen: Profile, ask: Ask | None) -> Choice:
    """An unsure choice after it was asked for; without anybody to ask it stays, marked as it is."""
    if choice.is_sure or ask is None:
        return choice
    header = extract.headers[choice.column] or choice.column
    text = f"Is {header!r} the field {choice.field}? ({choice.why}; {seen.filled_share:.0%} filled)"
    if ask(Question(text, ("yes", "no"), "yes")) == "yes":
        return replace(choice, confidence=1.0, why=f"{choice.why}; confirmed")
    return Choice(choice.column, None, 1.0, "")


def _as_told(extract: Extract, choices: Mapping[str, Choice], entity: str) -> dict[str, Choice]:
    """The choices with what was said on the command line about fields and the system."""
    told = [(field, name, "--map") for field, name in extract.wanted.fields]
    if extract.wanted.system is not None:
        told.append(("system", extract.wanted.system, "--system"))
    known = fields_of(entity)
    found = dict(choices)
    for field, name, option in told:
        if field not in known:
            raise ConfigError(f"{option}: {field!r} is no field", remedy=f"take one of {', '.join(known)}")
        column = find_column(extract, name, option)
        found = {one: Choice(one, None, 1.0, "") if choice.field == field else choice for one, choice in found.items()}
        found[column] = Choice(column, field, 1.0, f"named by {option}")
    return found


def _says_something(proposal: SourceProposal) -> None:
    """Raise ConfigError where no column says which customer, or which address, a row means."""
    if proposal.entity == "address":
        wanted: tuple[str, ...] = ("address_line1", "postal_code", "city")
        message = f"no column says where an address is: none was found for {', '.join(wanted)}"
    else:
        wanted = ("first_name", "last_name", "full_name", "company", "email", "phone")
        message = f"no column says who a customer is: none was found for {', '.join(wanted)}"
    if not any(proposal.has(field) for field in wanted):
        raise ConfigError(
            message,
            where=proposal.extract.wanted.path,
            remedy=f"say which it is: --map {proposal.name}.{wanted[0]}=COLUMN",
        )


def _with_country(warehouse: Warehouse, proposal: SourceProposal) -> SourceProposal:
    """The country of rows that state none, and the texts by which the file means the United States."""
    columns = proposal.fields.get("country", ())
    if proposal.has("country"):
        values = common_values(warehouse, f"raw.{proposal.name}", columns[0], 400)
        codes: dict[str, int] = {}
        for value, rows in values:
            code = str(warehouse.value("select std_country(?)", [value]) or "")
            codes[code] = codes.get(code, 0) + rows
        best = max(sorted(codes), key=lambda code: codes[code])
        most = codes[best] / max(1, sum(codes.values()))
        blank = proposal.profiles[columns[0]].filled_share < 1
        return replace(proposal, country=best if blank and most >= 0.95 and len(best) == 2 else None)
    states, postal = _fullest(proposal, "state"), _fullest(proposal, "postal_code")
    if states is None or states.is_blank:
        us = postal is not None and postal.share("zip") >= 0.9
        return replace(proposal, country="US" if us else None)
    if states.share("australian") >= 0.7 and (postal is None or postal.share("zip") < 0.5):
        return replace(proposal, country="AU")
    if states.share("state") >= 0.7:
        return replace(proposal, country="US")
    return proposal


def _fullest(proposal: SourceProposal, field: str) -> Profile | None:
    seen = [proposal.profiles[column] for column in proposal.fields.get(field, ())]
    return max(seen, key=lambda one: one.filled, default=None)


def _with_kind(warehouse: Warehouse, proposal: SourceProposal) -> SourceProposal:
    """Whether the rows are persons, organizations, or each row must be looked at (null)."""
    fields = proposal.fields
    if proposal.has("customer_type"):
        query = (
            f"select distinct std_fold({fields['customer_type'][0]}) as value from raw.{proposal.name} order by value"
        )
        folded = [str(value) for (value,) in warehouse.rows(query) if value]
        known = {"person": words().person, "organization": words().organization}
        kinds = {value: kind for value in folded for kind, listed in known.items() if value in listed}
        return replace(proposal, kinds=kinds)
    has_parts = proposal.has("first_name") or proposal.has("last_name")
    if proposal.has("company"):
        kind = None if has_parts or _is_sparse(proposal, "company") else "organization"
        return replace(proposal, kind=kind)
    if has_parts:
        parts = [column for field in ("first_name", "last_name") for column in fields.get(field, ())]
        alone = 0
        if proposal.has("full_name"):
            filled = " and ".join(f"{name} is null" for name in parts)
            query = f"select count(*) from raw.{proposal.name} where {fields['full_name'][0]} is not null and {filled}"
            alone = int(warehouse.value(query) or 0)
        return replace(proposal, kind="person" if alone <= proposal.extract.rows * 0.05 else None)
    if not proposal.has("full_name"):
        return replace(proposal, kind="person")
    return replace(proposal, kind=_kind_of_names(proposal.profiles[fields["full_name"][0]]))


def _is_sparse(proposal: SourceProposal, field: str) -> bool:
    return proposal.profiles[proposal.fields[field][0]].filled_share < 0.5


def _kind_of_names(names: Profile) -> str | None:
    """What a column of full names names: persons, organizations, or both (None)."""
    if names.share("named") >= 0.35 and names.share("person_shape") >= 0.7 and names.share("organization") < 0.05:
        return "person"
    if names.share("named") < 0.3 and (names.share("organization") >= 0.1 or names.share("person_shape") < 0.7):
        return "organization"
    return None


def _with_date_order(proposal: SourceProposal, ask: Ask | None) -> SourceProposal:
    """Whether 03/04/1980 is the third of April in this file: by its values over 12, else by its country."""
    columns = proposal.fields.get("birth_date", ())
    if not columns:
        return proposal
    seen = proposal.profiles[columns[0]]
    if seen.share("parted_date") < 0.01:
        return proposal
    day, month = seen.share("first_over_12"), seen.share("second_over_12")
    if day != month:
        return replace(proposal, day_first=day > month)
    day_first = proposal.country in words().day_first
    text = f"Is 03/04/1980 in {proposal.extract.headers[columns[0]]!r} the 3rd of April (day first)?"
    if ask is not None:
        day_first = ask(Question(text, ("yes", "no"), "yes" if day_first else "no")) == "yes"
    note = f"the order of day and month cannot be seen in {columns[0]}: {'day' if day_first else 'month'} first"
    return replace(proposal, day_first=day_first, notes=(*proposal.notes, note))


def _types(warehouse: Warehouse, proposal: SourceProposal) -> dict[str, Column]:
    """The contract's columns: a type where every value has it, a title, the header, and whether it is personal."""
    fields = fields_of(proposal.entity)
    headers = proposal.extract.headers
    found: dict[str, Column] = {}
    for column, choice in proposal.choices.items():
        field = fields.get(choice.field or "")
        kind = "text"
        if field is None and column not in proposal.key:
            kind = _type_of(warehouse, proposal, column, ("integer", "decimal", "date", "timestamp"))
        elif field is not None and field.name in {"created_at", "updated_at"}:
            kind = _type_of(warehouse, proposal, column, ("timestamp",))
        title = field.title if field else "the key" if column in proposal.key else headers[column] or column
        values: dict[str, object] = {"type": kind, "title": title}
        if headers[column] != column and not proposal.extract.by_position:
            values["from"] = headers[column]
        if kind != "text":
            values["severity"] = "warning"
        # What no field takes may still be about a person.
        values["personal"] = field.personal if field else column not in proposal.key
        found[column] = Column.model_validate(values)
    return found


def _type_of(warehouse: Warehouse, proposal: SourceProposal, column: str, kinds: tuple[str, ...]) -> str:
    """The first of the types that every value of a column has; text where none is, or where zeros lead."""
    seen = proposal.profiles[column]
    if seen.is_blank:
        return "text"
    for kind in kinds:
        cast = cast_to_declared(column, Column.model_validate({"type": kind}))
        query = f"""select count({cast}) from raw.{proposal.name}
            where not regexp_matches(trim({column}), '^[+-]?0[0-9]')"""
        if int(warehouse.value(query) or 0) == seen.filled:
            return kind
    return "text"
