"""The SQL of a proposed project: how a source speaks of the entity, and the published table."""

from dq_pipeline.proposing.proposal import SourceProposal
from dq_pipeline.warehouse import literal

_PLAIN = (
    "preferred_name", "email", "phone", "address_line2", "city", "state", "postal_code", "channel", "status",
)  # fmt: skip


def source_select(proposal: SourceProposal) -> str:
    """`sql/standardized/<source>__<entity>.sql`: one SELECT with the columns that the source has."""
    lines = ["record_id", f"{literal(proposal.name)} as source", "source_key"]
    if proposal.fields.get("system"):
        lines.append(_named(proposal.fields["system"][0], "system"))
    if proposal.entity == "address":
        lines += _address_lines(proposal)
        row = "the address of one row"
    else:
        lines += _customer_lines(proposal)
        row = "one customer"
    lines += [
        _moment(proposal, name)
        for name in ("created_at", "updated_at")
        if name == "updated_at" or proposal.entity == "customer"
    ]
    listed = ",\n    ".join(lines)
    return f"-- One row is {row} as {proposal.name} has it.\nselect\n    {listed}\nfrom validated.{proposal.name}\n"


def _customer_lines(proposal: SourceProposal) -> list[str]:
    fields = proposal.fields
    lines = ["'account' as role", *_kind(proposal), *_names(proposal)]
    for name in _PLAIN[:3]:
        lines += [_first_of(fields[name], name)] if name in fields else []
    lines += _birth_date(proposal)
    lines += _place(proposal)
    for name in _PLAIN[7:]:
        lines += [_first_of(fields[name], name)] if name in fields else []
    return lines


def _named(expression: str, name: str) -> str:
    return expression if expression == name else f"{expression} as {name}"


def _first_of(columns: tuple[str, ...], name: str) -> str:
    return _named(columns[0] if len(columns) == 1 else f"coalesce({', '.join(columns)})", name)


def _kind(proposal: SourceProposal) -> list[str]:
    """Person, organization, or nothing where each name must be looked at."""
    if proposal.kinds:
        column = proposal.fields["customer_type"][0]
        cases = "".join(
            f"\n        when std_fold({column}) = {literal(value)} then {literal(kind)}"
            for value, kind in proposal.kinds.items()
        )
        return [f"case{cases}\n    end as customer_type"]
    if proposal.kind:
        return [f"{literal(proposal.kind)} as customer_type"]
    persons = _persons(proposal)
    if proposal.fields.get("company") and persons:
        company = proposal.fields["company"][0]
        case = f"when {persons} is not null then 'person'\n        when {company} is not null then 'organization'"
        return [f"case\n        {case}\n    end as customer_type"]
    return []


def _persons(proposal: SourceProposal) -> str:
    """SQL that is null where a row names no person."""
    names = [column for field in ("first_name", "last_name") for column in proposal.fields.get(field, ())]
    if not names and not proposal.fields.get("customer_type"):
        names = list(proposal.fields.get("full_name", ()))
    return names[0] if len(names) == 1 else f"coalesce({', '.join(names)})" if names else ""


def _names(proposal: SourceProposal) -> list[str]:
    """The name in one field and in parts; the company's name where the row is one or names nobody."""
    fields = proposal.fields
    whole = fields["full_name"][0] if fields.get("full_name") else ""
    parts = [
        fields[name][0]
        for name in ("first_name", "middle_name", "last_name", "second_last_name", "suffix")
        if name in fields
    ]
    if not whole and ("suffix" in fields or "second_last_name" in fields):
        whole = f"nullif(concat_ws(' ', {', '.join(parts)}), '')"
    company = fields["company"][0] if fields.get("company") else ""
    if company and (proposal.kind == "organization" or not (whole or parts)):
        return [_named(company, "full_name")]
    if company:
        persons = _persons(proposal)
        alone = f"case when {persons} is null then {company} end" if persons and persons != whole else company
        whole = f"coalesce({whole}, {alone})" if whole else alone
    last = fields.get("last_name", ())
    if last and "second_last_name" in fields:
        both = f"nullif(concat_ws(' ', {last[0]}, {fields['second_last_name'][0]}), '')"
    else:
        both = last[0] if last else ""
    first, middle = (fields.get(name, ("",))[0] for name in ("first_name", "middle_name"))
    listed = {"full_name": whole, "first_name": first, "middle_name": middle, "last_name": both}
    return [_named(expression, name) for name, expression in listed.items() if expression]


def _birth_date(proposal: SourceProposal) -> list[str]:
    """The date of birth as text that reads as year, month, day where the file puts the day first, or parts it."""
    fields = proposal.fields
    if fields.get("birth_date"):
        column = fields["birth_date"][0]
        # std_date reads dots as day.month.year, slashes and dashes as month/day/year.
        dotted = f"replace(replace({column}, '/', '.'), '-', '.')"
        return [_named(dotted if proposal.day_first else column, "birth_date")]
    parts = [fields[name][0] for name in ("birth_year", "birth_month", "birth_day") if fields.get(name)]
    if len(parts) < 3:
        return []
    year, month, day = parts
    return [f"{year} || '-' || lpad({month}, 2, '0') || '-' || lpad({day}, 2, '0') as birth_date"]


def _place(proposal: SourceProposal) -> list[str]:
    """Street, unit, town, state, postal code and country."""
    fields = proposal.fields
    lines: list[str] = []
    street = fields["address_line1"][0] if fields.get("address_line1") else ""
    if fields.get("house_number"):
        number = fields["house_number"][0]
        street = f"nullif(concat_ws(' ', {number}, {street}), '')" if street else number
    if street:
        lines.append(_named(street, "address_line1"))
    lines += [_first_of(fields[name], name) for name in _PLAIN[3:7] if name in fields]
    country = fields["country"][0] if fields.get("country") else ""
    if country and proposal.country:
        lines.append(f"coalesce({country}, {literal(proposal.country)}) as country")
    elif country or proposal.country:
        lines.append(_named(country, "country") if country else f"{literal(proposal.country)} as country")
    return lines


def _address_lines(proposal: SourceProposal) -> list[str]:
    """The columns that `address.sql` reads, null where the source has none, and all of them as one text to parse."""
    given = {line.split(" as ")[-1]: line for line in _place(proposal)}
    names = ("address_line1", "address_line2", "city", "state", "postal_code", "country")
    lines = [given.get(name, f"cast(null as varchar) as {name}") for name in names]
    parts = [given[name].removesuffix(f" as {name}") for name in names if name in given]
    return [*lines, f"nullif(concat_ws(', ', {', '.join(parts)}), '') as address_text"]


def _moment(proposal: SourceProposal, name: str) -> str:
    """A timestamp column; null where the source has none."""
    columns = proposal.fields.get(name, ())
    if not columns:
        return f"cast(null as timestamp) as {name}"
    assert proposal.types is not None
    if proposal.types[columns[0]].type == "timestamp":
        return _named(columns[0], name)
    return f"cast(std_date({columns[0]}) as timestamp) as {name}"


def mastered_customer(*, has_households: bool) -> str:
    """`sql/mastered/customer.sql`: the published table of customers."""
    column = "    household_member.household_id, -- with whom: household.household_id\n" if has_households else ""
    join = "left join mastered.household_member\n    on household_member.customer_id = golden.customer_id\n"
    return _MASTERED_CUSTOMER.format(household_column=column, household_join=join if has_households else "")


_MASTERED_CUSTOMER = """\
-- One row is one customer: the golden record of what any source says about one person or organization.
with sources as (
    select
        customer_id,
        count(*) as records,
        count(distinct source) as sources
    from mastered.customer_records
    group by customer_id
)
select
    golden.customer_id, -- the stable id of the customer
    golden.customer_type, -- person or organization
    golden.display_name, -- the name to print
    golden.preferred_name, -- what the customer likes to be called
    golden.first_name, -- given name
    golden.middle_name, -- middle name or initial
    golden.last_name, -- family name or names
    golden.suffix, -- generation: Jr, Sr, II, III
    golden.organization_name, -- the organization's name
    golden.email, -- an address that is valid and is the customer's own
    golden.phone, -- a number that is valid and is the customer's own, as E.164
    golden.birth_date, -- date of birth
    golden.place_id, -- the place that the address lines name; the same text for spellings of one place
    golden.address_line1, -- street and number, as written
    golden.address_line2, -- unit or care-of line, as written
    golden.city, -- city, as written
    golden.state, -- state or province, as written
    golden.postal_code, -- postal code, as written
    golden.country, -- country, as written
{household_column}    golden.status, -- the record's status
    golden.channel, -- where the customer was won
    golden.created_at, -- the earliest record
    golden.updated_at, -- the latest record
    sources.records, -- how many records it was made of
    sources.sources -- how many sources know the customer
from mastered.customer_golden as golden
join sources
    on sources.customer_id = golden.customer_id
{household_join}"""
