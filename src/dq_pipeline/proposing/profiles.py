"""What the values of a column look like: shares of e-mails, phones, dates, ZIPs, names; counted in SQL on a sample."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dq_pipeline.proposing.fields import words
from dq_pipeline.sql import load_macros
from dq_pipeline.warehouse import Warehouse, file_literal, literal, quoted

SAMPLE_ROWS = 4_000
_SAMPLE = "raw.profiled"
_POSTAL = (
    "[0-9]{5}(-?[0-9]{4})?|[0-9]{3,4}|[0-9]{6}|[A-Za-z]{1,2}[0-9][A-Za-z0-9]? ?[0-9][A-Za-z]{2}"
    "|[A-Za-z][0-9][A-Za-z] ?[0-9][A-Za-z][0-9]"
    "|[0-9]{4} ?[A-Za-z]{2}|[0-9]{2,5}[- ][0-9]{2,4}|[A-Z]{1,3}-?[0-9]{4,6}"
)
_STREET = (
    r"^[0-9]+[a-z]? .*[a-z]{2}|(^| )p ?o box |[a-z]{3} [0-9]+[a-z]?$"
    r"|(^| )(street|st|avenue|ave|road|rd|drive|dr|lane|ln|calle|avenida|boulevard|blvd|way|court|ct|place|pl)$"
)
_MARKED_PHONE = "[+]?[0-9]{0,3}[ .-]?[(]?[0-9]{2,4}[)]?[ ./-][0-9]{3,4}[ .-]?[0-9]{3,4}.*|[+][0-9]{8,14}"


def _listed(texts: Iterable[str]) -> str:
    return f"({', '.join(literal(text) for text in sorted(texts))})"


def _over_12(pattern: str) -> str:
    return f"try_cast(regexp_extract(v, {literal(pattern)}, 1) as integer) between 13 and 31"


# Each is true or false for a filled value v, folded as f; w is its number of words.
MEASURES: Mapping[str, str] = {
    "email": "std_email(v) is not null",
    "at": "contains(v, '@')",
    "phone": "length(regexp_replace(v, '[^0-9]', '', 'g')) between 7 and 17 "
    "and regexp_full_match(lower(v), '[0-9+().,/ x#*-]+|[0-9+(][0-9+(). -]+ ?ext.*')",
    "marked_phone": f"regexp_full_match(v, '{_MARKED_PHONE}') and std_date(v) is null",
    "date": "std_date(v) is not null or regexp_full_match(v, '[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}|[0-9]{8}')",
    "birth": "year(std_date(v)) between 1900 and 2012 and not regexp_full_match(v, '[0-9]+')",
    "zip": "regexp_full_match(v, '[0-9]{5}(-[0-9]{4})?')",
    "postal": f"regexp_full_match(v, '{_POSTAL}')",
    "state": "std_state_is_us(v)",
    "australian": f"f in {_listed(words().australia)}",
    "country": f"std_country(v) in {_listed(words().countries)} or regexp_full_match(v, '[A-Z][A-Z][A-Z]?')",
    "street": f"regexp_matches(f, '{_STREET}')",
    "given": "split_part(f, ' ', 1) in (select name from lookup.given) and w = 1",
    "named": "split_part(f, ' ', 1) in (select name from lookup.given)"
    " or contains(v, ',') and f is not null and split_part(trim(std_fold(split_part(v, ',', 2))), ' ', 1)"
    " in (select name from lookup.given)",
    "organization": "std_is_organization(v)",
    "kind": f"f in {_listed((*words().person, *words().organization))}",
    "number": "regexp_full_match(v, '[-+]?[0-9]+([.][0-9]+)?')",
    "alphabetic": "not regexp_matches(v, '[0-9@]') and regexp_matches(v, '[[:alpha:]]|[^\\x00-\\x7f]')",
    "words": "w >= 2",
    "person_shape": "w between 2 and 4 and not regexp_matches(v, '[0-9&@/]')",
    "short": "length(v) <= 6",
    "first_over_12": _over_12("^([0-9]{1,2})[-/.][0-9]{1,2}[-/.][0-9]{2,4}"),
    "second_over_12": _over_12("^[0-9]{1,2}[-/.]([0-9]{1,2})[-/.][0-9]{2,4}"),
    "parted_date": "regexp_matches(v, '^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}')",
    "spaced": "contains(v, ' ')",
    "has_digit": "regexp_matches(v, '[0-9]')",
}


@dataclass(frozen=True)
class Profile:
    """A column's values: how many rows have one, how many differ, and the share of them that meets each measure."""

    rows: int
    filled: int
    distinct: int
    shares: Mapping[str, float]

    @property
    def is_blank(self) -> bool:
        """Whether no row has a value."""
        return self.filled == 0

    @property
    def filled_share(self) -> float:
        """The share of rows that have a value."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def is_unique(self) -> bool:
        """Whether every row has a value and no two have the same."""
        return self.rows > 0 and self.distinct == self.rows

    def share(self, measure: str) -> float:
        """The share of filled values that meet a measure; `few` is 1 where hardly any values differ."""
        if measure == "few":
            return 1.0 if 0 < self.distinct <= max(3, min(60, self.filled // 5)) else 0.0
        return self.shares.get(measure, 0.0)


def prepare(warehouse: Warehouse, nicknames: Path) -> None:
    """Load what profiles need: the standardizer macros, and given names from the lookup of nicknames."""
    load_macros(warehouse)
    warehouse.build(
        "lookup.given",
        f"""select distinct unnest([nickname, name]) as name
        from read_csv({file_literal(nicknames)}, header = true, all_varchar = true)""",
    )


def profile(warehouse: Warehouse, table: str, columns: Sequence[str]) -> dict[str, Profile]:
    """The profile of each column of a table of text: counts over all rows, shares over a sample of them."""
    rows = warehouse.count(table)
    step = max(1, rows // SAMPLE_ROWS)
    warehouse.build(_SAMPLE, f"select * from {table} where (line_number % {step}) = 0 or {step} = 1")
    found = {}
    for name in columns:
        value = f"nullif(trim({quoted(name)}), '')"
        filled, distinct = warehouse.rows(f"select count({value}), count(distinct {value}) from {table}")[0]
        found[name] = Profile(rows, int(filled), int(distinct), _shares(warehouse, name) if filled else {})
    return found


def _shares(warehouse: Warehouse, name: str) -> dict[str, float]:
    measures = ",\n".join(f"avg(cast(coalesce({test}, false) as integer))" for test in MEASURES.values())
    query = f"""select {measures}
        from (
            select v, std_fold(v) as f, length(std_fold(v)) - length(replace(std_fold(v), ' ', '')) + 1 as w
            from (select trim({quoted(name)}) as v from {_SAMPLE} where nullif(trim({quoted(name)}), '') is not null)
        )"""
    values = warehouse.rows(query)[0]
    return {measure: float(value or 0) for measure, value in zip(MEASURES, values, strict=True)}


def common_values(warehouse: Warehouse, table: str, name: str, most: int = 30) -> list[tuple[str, int]]:
    """The commonest values of a column and how many rows have each, the commonest first."""
    query = f"""select trim({quoted(name)}) as value, count(*) as rows from {table}
        where nullif(trim({quoted(name)}), '') is not null group by value order by rows desc, value limit {most}"""
    return [(str(value), int(count)) for value, count in warehouse.rows(query)]
