"""What forbids a merge, clause by clause: each refuses where it should and is silent where it should not speak."""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from dq_pipeline.config import Entity, read_yaml
from dq_pipeline.linkage.drift import level_sql
from dq_pipeline.linkage.refusals import build_refusals, conflict_sql
from dq_pipeline.sql import load_macros
from dq_pipeline.warehouse import Warehouse, literal
from tests.conftest import CHECKOUT
from tests.unit.linkage_people import person

ANNA: dict[str, Any] = {"first": "anna", "last": "quirk", "born": "1970-01-01"}
YOUNG = ANNA | {"born": "1999-09-09"}
UNKNOWN = ANNA | {"born": None}
RARE = {"shield": {"odds": 4, "rare": "last_l = last_r", "rare_probability": 0.9}}
TOLERANT = {"conflicts": [{"name": "birth", "sql": "born_l <> born_r", "tolerance": 0.34, "when": "born is not null"}]}
IN_GROUPS = {"conflicts": [{"name": "birth", "sql": "born_l <> born_r", "records": 2, "when": "born is not null"}]}


@dataclass(frozen=True)
class Case:
    """Two clusters that want to merge; `groups` are judged groups as lists of units, `apart` pairs of their numbers.

    Units are numbered from 1, those of the left cluster first. By default weight and strong evidence are ample.
    """

    says: str
    expected: str | None
    left: list[dict[str, Any]] = field(default_factory=lambda: [ANNA])
    right: list[dict[str, Any]] = field(default_factory=lambda: [ANNA])
    weight: float = 10.0
    strong: float | None = 8.0
    groups: tuple[tuple[int, ...], ...] = ()
    apart: tuple[tuple[int, int], ...] = ()
    linkage: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("nothing forbids it", None),
    Case("the shield: no strong evidence", "no_strong_evidence", strong=0.0),
    Case("the shield: strong evidence unknown", "no_strong_evidence", strong=None),
    Case("the shield: just too little", "no_strong_evidence", strong=1.99),
    Case("the shield: just enough", None, strong=2.0),
    Case("without a shield names are enough", None, strong=0.0, linkage={"shield": None}),
    Case("a rare name is enough", None, strong=0.0, linkage=RARE),
    Case("a rare name, and not likely enough", "no_strong_evidence", weight=3.0, strong=0.0, linkage=RARE),
    Case("no rare name", "no_strong_evidence", right=[ANNA | {"last": "ash"}], strong=0.0, linkage=RARE),
    Case("a rule needs no strong evidence", None, weight=1000.0, strong=0.0),
    Case("a steward needs no strong evidence", None, weight=2000.0, strong=0.0),
    Case("a conflict: birth", "conflict:birth", right=[YOUNG]),
    Case("a conflict: the other one", "conflict:first_name", right=[ANNA | {"first": "otto"}]),
    Case("a conflict of one of many records", "conflict:birth", left=[UNKNOWN, ANNA], right=[UNKNOWN, YOUNG]),
    Case("no conflict with what is missing", None, right=[UNKNOWN]),
    Case("a conflict forbids a rule", "conflict:birth", right=[YOUNG], weight=1000.0),
    Case("a conflict does not forbid what a steward said", None, right=[YOUNG], weight=2000.0),
    Case("a conflict is named before the shield", "conflict:birth", right=[YOUNG], strong=0.0),
    Case("a conflict of a record that a steward knew better", None, left=[ANNA, YOUNG], groups=((1, 2),)),
    Case("a conflict of a record judged with nobody", "conflict:birth", left=[ANNA, YOUNG], groups=((2,),)),
    Case("tolerated in one of four", None, left=[ANNA] * 2, right=[ANNA] * 2 + [UNKNOWN] * 9, linkage=TOLERANT),
    Case("one in four, of known ones", None, left=[ANNA] * 4, right=[ANNA] * 3 + [YOUNG], linkage=TOLERANT),
    Case("one of two", "conflict:birth", left=[ANNA] * 2, right=[ANNA, YOUNG, UNKNOWN, UNKNOWN], linkage=TOLERANT),
    Case("too few records to speak", None, left=[ANNA], right=[YOUNG] * 4, linkage=IN_GROUPS),
    Case("too few known ones", None, left=[ANNA, UNKNOWN], right=[YOUNG, UNKNOWN], linkage=IN_GROUPS),
    Case("enough records on both sides", "conflict:birth", left=[ANNA] * 2, right=[YOUNG] * 2, linkage=IN_GROUPS),
    Case("as large as it may be", None, left=[ANNA] * 2, right=[ANNA] * 3, linkage={"max_cluster_size": 5}),
    Case("too large", "oversize", left=[ANNA] * 3, right=[ANNA] * 3, linkage={"max_cluster_size": 5}),
    Case("too large, by a rule", None, left=[ANNA] * 3, right=[ANNA] * 3, weight=1000, linkage={"max_cluster_size": 5}),
    Case("judged different", "judged_different", groups=((1,), (2,)), apart=((0, 1),)),
    Case("judged different, the other way round", "judged_different", groups=((1,), (2,)), apart=((1, 0),)),
    Case("judged different, of one of many", "judged_different", left=[ANNA] * 2, groups=((2,), (3,)), apart=((0, 1),)),
    Case("judged different beats judged same", "judged_different", weight=2000, groups=((1,), (2,)), apart=((0, 1),)),
    Case("others were judged different", None, left=[ANNA] * 2, groups=((1,), (2,)), apart=((0, 1),)),
]


def _refused(case: Case) -> list[str]:
    warehouse, units = Warehouse(threads=1), [*case.left, *case.right]
    tables = {
        "profile_rows": ["profile_no, first, last, born"]
        + [f"{number}, {', '.join(literal(unit[name]) for name in ANNA)}" for number, unit in enumerate(units, 1)],
        "members": ["unit, profile_no, cluster"]
        + [f"{number}, {number}, {1 if number <= len(case.left) else 2}" for number in range(1, len(units) + 1)],
        "sizes": ["cluster, size", f"1, {len(case.left)}", f"2, {len(case.right)}"],
        "best": ["a, b, weight, strong", f"1, 2, {case.weight}, {literal(case.strong)}"],
        "judged_units": ["unit, group_id", *(f"{u}, {n}" for n, group in enumerate(case.groups) for u in group)],
        "judged_apart": ["group_l, group_r", *(f"{left}, {right}" for left, right in case.apart)],
    }
    for name, (columns, *rows) in tables.items():
        listed = ", ".join(f"({row})" for row in rows or [", ".join("null" for _ in columns.split(","))])
        where = "" if rows else " where false"
        warehouse.execute(
            f"create table linked.person_{name} as select * from (values {listed}) as t({columns}){where}"
        )
    build_refusals(warehouse, person(**case.linkage))
    found = [str(reason) for (reason,) in warehouse.rows("select reason from linked.person_refused")]
    warehouse.close()
    return found


@pytest.mark.parametrize("case", CASES, ids=[case.says for case in CASES])
def test_a_merge_is_refused_for_one_reason_or_not_at_all(case: Case) -> None:
    assert _refused(case) == ([case.expected] if case.expected else [])


# --- the conflicts and the rare names of the shipped customer -------------------------------------------------------

Values = dict[str, str | None]
CUSTOMER = read_yaml(CHECKOUT / "pipelines/entities/customer.yml", Entity)
ANN: Values = {
    "customer_type": "person", "role": "account", "name_key": "ann lee", "first_key": "ann", "first_root": "ann",
    "last_key": "lee", "birth_key": "19700102", "number_key": "12", "address_id": "A1", "email_key": "ann@x.com",
    "phone_key": "+15550001", "city_key": "reno", "postal_key": "89501", "towns_known": "true",
}  # fmt: skip
FIRM: Values = {
    "customer_type": "organization",
    "role": "account",
    "org_key": "acme",
    "name_key": "acme",
    "address_id": "A1",
}
ELSEWHERE: Values = {
    "birth_key": "19851123",
    "number_key": "77",
    "address_id": "A2",
    "email_key": "al@y.com",
    "phone_key": "+1777",
}
CONFLICTS: list[tuple[str, Values, Values, str | None]] = [
    ("alike in all", ANN, {}, None),
    ("a person and a firm", ANN, {"customer_type": "organization", "org_key": "acme"}, "person_and_organization"),
    ("a guess of the same words", ANN, {"customer_type": "organization"}, None),
    ("junior and senior", ANN | {"suffix_key": "jr"}, {"suffix_key": "sr"}, "generation"),
    ("junior, and nobody said", ANN | {"suffix_key": "jr"}, {"suffix_key": None}, None),
    ("born long before, lives elsewhere", ANN, ELSEWHERE, "birth_date"),
    ("born eleven years apart", ANN, ELSEWHERE | {"birth_key": "19811123"}, None),
    ("born in the same month", ANN, ELSEWHERE | {"birth_key": "19850123"}, None),
    ("born on the same day", ANN, ELSEWHERE | {"birth_key": "19851102"}, None),
    ("of one house number", ANN, ELSEWHERE | {"number_key": "12"}, None),
    ("of one address", ANN, ELSEWHERE | {"address_id": "A1"}, None),
    ("an address not known", ANN, ELSEWHERE | {"address_id": None}, "birth_date"),
    ("of one e-mail", ANN, ELSEWHERE | {"email_key": "ann@x.com"}, None),
    ("of one phone", ANN, ELSEWHERE | {"phone_key": "+15550001"}, None),
    ("another phone, no e-mail", ANN, ELSEWHERE | {"email_key": None}, "birth_date"),
    ("reached in no way that is known", ANN, ELSEWHERE | {"email_key": None, "phone_key": None}, None),
    ("two outlets", FIRM, {"address_id": "A2"}, "branch"),
    ("one outlet", FIRM, {}, None),
    ("an outlet not known", FIRM, {"address_id": None}, None),
    ("where a buyer's goods went", FIRM | {"role": "buyer"}, {"role": "account", "address_id": "A2"}, None),
    ("people who moved", ANN, {"address_id": "A2"}, None),
]  # fmt: skip
RARE_NAMES: list[tuple[str, Values, bool]] = [
    ("alike in all", {}, True),
    ("another first name", {"first_key": "zoe", "first_root": "zoe"}, False),
    ("another surname", {"last_key": "brook"}, False),
    ("a nickname", {"first_key": "nancy"}, True),
    ("swapped names", {"first_key": "lee", "first_root": "lee", "last_key": "ann"}, True),
    ("another town", {"city_key": "miami", "postal_key": "33101"}, False),
    ("another town of one postal code", {"city_key": "miami"}, True),
    ("a town spelled otherwise", {"city_key": "renno", "postal_key": "33101"}, True),
    ("no town", {"city_key": None, "postal_key": None}, True),
    ("no town of an order", {"city_key": None, "postal_key": None, "role": "buyer"}, False),
    ("another town, where towns are not known", {"city_key": "a", "postal_key": "b", "towns_known": "false"}, True),
]


FLAGS = ("towns_known", "state_follows")


def _said(sql: str, left: Values, right: Values) -> Any:
    """What an expression on a pair says; columns that neither side has are null."""
    columns = sorted(set(re.findall(r"\b([a-z_]+)_[lr]\b", sql)) | left.keys() | right.keys())
    sides = (("l", left), ("r", right))
    values = [
        f"cast({literal(side.get(name))} as {'boolean' if name in FLAGS else 'varchar'}) as {name}_{end}"
        for name in columns
        for end, side in sides
    ]
    warehouse = Warehouse(threads=1)
    load_macros(warehouse)
    try:
        return warehouse.value(f"select {sql} from (select {', '.join(values)}) as pair")
    finally:
        warehouse.close()


@pytest.mark.parametrize(("says", "left", "other", "expected"), CONFLICTS, ids=[case[0] for case in CONFLICTS])
def test_conflicts_of_customers(says: str, left: Values, other: Values, expected: str | None) -> None:
    sql = conflict_sql(CUSTOMER)
    assert (_said(sql, left, left | other), _said(sql, left | other, left)) == (expected, expected), says


@pytest.mark.parametrize(("says", "other", "expected"), RARE_NAMES, ids=[case[0] for case in RARE_NAMES])
def test_names_that_are_enough_where_they_are_rare(says: str, other: Values, expected: bool) -> None:
    assert CUSTOMER.linkage.shield
    assert CUSTOMER.linkage.shield.rare
    right = ANN | other
    left = ANN | {"towns_known": right["towns_known"]}
    assert bool(_said(f"({CUSTOMER.linkage.shield.rare})", left, right)) == expected, says


# --- what is one fact counts once -----------------------------------------------------------------------------------

MILL = {"org_key": "reno mill", "email_key": "office@renomill.com", "phone_key": "7755550001"} | {
    name: ANN[name] for name in ("city_key", "postal_key")
}
ELSEWHERE: Values = {"city_key": "elko", "postal_key": "89801"}
ONE_FACT: list[tuple[str, str, Values, Values, str]] = [
    ("mail of two organizations", "email", MILL, {"email_key": "sales@renomill.com"}, "missing"),
    ("one mail of two organizations", "email", MILL, {"org_key": "troy mill"}, "same"),
    ("mail of an organization and a person", "email", MILL, {"org_key": None, "email_key": "a@b.co"}, "anything else"),
    ("the state of one town", "state", ANN | {"state_key": "nv", "state_follows": "true"}, {}, "missing"),
    ("the state of two towns", "state", ANN | {"state_key": "nv", "state_follows": "true"}, ELSEWHERE, "same"),
    ("a state that does not follow", "state", ANN | {"state_key": "nv", "state_follows": "false"}, {}, "same"),
    ("no town", "state", {"state_key": "nv", "state_follows": "true"}, {}, "same"),
    ("the area of a phone", "phone", MILL, {"phone_key": "7755559876"}, "anything else"),
]


@pytest.mark.parametrize(("says", "name", "left", "other", "expected"), ONE_FACT, ids=[case[0] for case in ONE_FACT])
def test_one_fact_counts_once(says: str, name: str, left: Values, other: Values, expected: str) -> None:
    [comparison] = [one for one in CUSTOMER.linkage.comparisons if one.name == name]
    assert _said(level_sql(comparison), left, left | other) == expected, says
