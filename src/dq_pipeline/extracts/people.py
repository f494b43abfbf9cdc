"""Whom the rows of an extract speak of: people as keyed hashes, by which one who was erased is known again.

A hash is SHA-256 over a secret key, what kind of fact it is, and the fact in its comparable form, cut to 128 bits.
Facts alone tell too many people: two share a phone, three a name. So what is hashed are pairs, a name with another
fact, and an account; one fact alone counts only in a row that has no name.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dq_pipeline.config import Source
from dq_pipeline.config.erasing import Person
from dq_pipeline.warehouse import Warehouse, literal, quoted

PEOPLE, PRINTS, KNOWN, HITS = "raw.people", "raw.prints", "raw.suppressed", "raw.erased_rows"
# The facts of one person in a row, and those of their pairs that are kept of a person who was erased.
FACTS = ("account", "name", "email", "phone", "birth", "place")
KINDS = ("account", "name_email", "name_phone", "name_birth", "name_place", "email", "phone", "birth")
HASH_CHARACTERS = 32
KEY = "suppression_key"
_EMAIL = r"[^\s,;|<>\"'():]+@[^\s,;|<>\"'():]+"
_PHONE = r"\+?\(?[0-9][0-9 ()./-]{5,}[0-9]"


@dataclass(frozen=True)
class Mark:
    """One hashed fact of a person who was erased."""

    suppression_id: str
    kind: str
    hash: str


@dataclass(frozen=True)
class Changes:
    """What must be done to a file: the lines of its rows that go, and columns to blank in rows that stay."""

    dropped: frozenset[int]
    blanked: dict[int, tuple[str, ...]]

    @property
    def rows(self) -> int:
        """How many rows are touched."""
        return len(self.dropped | self.blanked.keys())


def set_key(warehouse: Warehouse, key: str) -> None:
    """Set the key of the hashes: a variable, so that no error quotes it."""
    warehouse.execute(f"set variable {KEY} = ?", [key])


def create_known(warehouse: Warehouse, marks: Iterable[Mark]) -> None:
    """Create the table of what is known of people who were erased."""
    warehouse.execute(f"create or replace table {KNOWN} (suppression_id varchar, kind varchar, hash varchar)")
    rows = [f"({literal(mark.suppression_id)}, {literal(mark.kind)}, {literal(mark.hash)})" for mark in marks]
    for start in range(0, len(rows), 1000):
        warehouse.execute(f"insert into {KNOWN} values {', '.join(rows[start : start + 1000])}")


def build_people(warehouse: Warehouse, source: Source) -> None:
    """Build PEOPLE (one row is a person in a landed row, the facts comparable) and PRINTS (their hashes)."""
    parts = [_person(source, number, person) for number, person in enumerate(source.people)]
    warehouse.build(PEOPLE, "\nunion all\n".join(parts))
    pairs = {
        "account": "account",
        **{f"name_{fact}": f"name || chr(30) || {fact}" for fact in ("email", "phone", "birth", "place")},
        **{fact: fact for fact in ("email", "phone", "birth")},
    }
    prints = [
        f"""select line_number, person_no, {literal(kind)} as kind, {_hash(kind, value)} as hash
            from {PEOPLE} where {value} is not null"""
        for kind, value in pairs.items()
    ]
    warehouse.build(PRINTS, "\nunion all\n".join(prints))


def _hash(kind: str, value: str) -> str:
    return f"left(sha256(getvariable('{KEY}') || chr(31) || {literal(kind)} || chr(31) || {value}), {HASH_CHARACTERS})"


def _person(source: Source, number: int, person: Person) -> str:
    def column(name: str | None) -> str:
        return quoted(name) if name else "cast(null as varchar)"

    account_of = person.account_of or source.name
    place = "cast(null as varchar)"
    if person.line and person.postal_code:
        place = f"std_fold({quoted(person.line)}) || chr(30) || left(std_fold({quoted(person.postal_code)}), 5)"
    phone = column(person.phone)
    return f"""select
        line_number,
        source_key,
        {number} as person_no,
        {literal(account_of)} || chr(30) || std_nonempty(trim({column(person.account)})) as account,
        array_to_string(list_sort(string_split(std_fold({column(person.name)}), ' ')), ' ') as name,
        coalesce(std_email_key({column(person.email)}), std_email_loose({column(person.email)})) as email,
        case when not std_phone_is_placeholder({phone}) then std_phone_digits({phone}) end as phone,
        std_birth_key({column(person.birth_date)}) as birth,
        {place} as place
    from raw.{source.name}"""


def find_changes(warehouse: Warehouse, source: Source, own: Sequence[str] = ()) -> Changes:
    """What must go from the landed file: rows that speak of people in KNOWN, and those with a key of `own`.

    A row speaks of a person by the account; by the name with e-mail, phone or date of birth; by the name with the place
    where it names no account; by e-mail or phone alone where it has no name. Another date of birth is another person.
    """
    build_people(warehouse, source)
    keys = ", ".join(literal(one) for one in own) or "null"
    warehouse.build(
        HITS,
        f"""with met as (
            select
                prints.line_number,
                prints.person_no,
                known.suppression_id,
                list(prints.kind) as kinds
            from {PRINTS} as prints
            join {KNOWN} as known
                on known.kind = prints.kind
                and known.hash = prints.hash
            group by prints.line_number, prints.person_no, known.suppression_id
        ), born as (
            select distinct suppression_id from {KNOWN} where kind = 'birth'
        )
        select met.line_number, met.person_no
        from met
        join {PEOPLE} as people
            on people.line_number = met.line_number
            and people.person_no = met.person_no
        left join born on born.suppression_id = met.suppression_id
        where list_contains(kinds, 'account')
            or (
                (people.birth is null or born.suppression_id is null or list_contains(kinds, 'birth'))
                and (
                    list_has_any(kinds, ['name_email', 'name_phone', 'name_birth'])
                    or (list_contains(kinds, 'name_place') and people.account is null)
                    or (people.name is null and list_has_any(kinds, ['email', 'phone']))
                )
            )
        union
        select line_number, person_no
        from {PEOPLE}
        where person_no = 0 and source_key in ({keys})""",
    )
    dropped, blanked = set(), {}
    query = f"select line_number, list(person_no order by person_no) from {HITS} group by all order by line_number"
    for line, numbers in warehouse.rows(query):
        if source.erased == "dropped" and 0 in numbers:
            dropped.add(int(line))
        else:
            blanked[int(line)] = tuple(column for no in numbers for column in source.people[no].columns())
    dropped |= _bad_lines(warehouse, source)
    return Changes(frozenset(dropped), blanked)


def _bad_lines(warehouse: Warehouse, source: Source) -> set[int]:
    """Lines that could not be read as rows and hold an e-mail address or phone of a person in KNOWN."""
    found = warehouse.rows("select line_number, text from raw.unparsed where source = ?", [source.name])
    if not found or not warehouse.count(KNOWN):
        return set()
    lines = set()
    for line, text in found:
        facts = [("email", f"std_email_key({literal(one)})") for one in re.findall(_EMAIL, text)]
        facts += [("phone", f"std_phone_digits({literal(one)})") for one in re.findall(_PHONE, text)]
        asked = " or ".join(f"(kind = '{kind}' and hash = {_hash(kind, fact)})" for kind, fact in facts)
        if asked and warehouse.value(f"select count(*) from {KNOWN} where {asked}"):
            lines.add(int(line))
    return lines


def account_marks(warehouse: Warehouse, suppression_id: str, rows: Mapping[str, Iterable[str]]) -> set[Mark]:
    """The hashes of accounts, given as source -> keys."""
    found = set()
    for source, keys in rows.items():
        for key in keys:
            value = f"{literal(source)} || chr(30) || {literal(key)}"
            found.add(Mark(suppression_id, "account", str(warehouse.value(f"select {_hash('account', value)}"))))
    return found


def marks_of(warehouse: Warehouse, suppression_id: str) -> set[Mark]:
    """The hashes of the people in HITS, for one suppression; but of no account, for a row may name another's."""
    query = f"""select distinct kind, hash from {PRINTS} as prints
        semi join {HITS} as hits on hits.line_number = prints.line_number and hits.person_no = prints.person_no
        where kind <> 'account'"""
    return {Mark(suppression_id, str(kind), str(digest)) for kind, digest in warehouse.rows(query)}
