"""Every SQL condition of a linkage is bound before it is run; what does not bind is named by its place in the YAML."""

from typing import Any

import pytest
from linkage_people import PERSON, person, warehouse_of
from pydantic import ValidationError

from dq_pipeline.config.entity import Evidence
from dq_pipeline.linkage import check_linkage, prepare


def test_a_sound_linkage_has_no_fault() -> None:
    assert check_linkage(warehouse_of([]), person()) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"blocking": [["email"], ["mail"]]}, "linkage.blocking[1]"),
        ({"blocking": [["substr(email, ']"]]}, "linkage.blocking[0]"),
        ({"prior_by": "passport"}, "linkage.prior_by"),
        ({"shield": {"odds": 9, "rare": "passport_l = passport_r"}}, "linkage.shield.rare"),
        ({"confusable": [{"name": "passport", "key": ["passport"]}]}, "linkage.confusable.passport.key"),
        ({"conflicts": [{"name": "sex", "sql": "sex_l <> sex_r"}]}, "linkage.conflicts.sex"),
        ({"conflicts": [{"name": "one_sided", "sql": "born <> born_r"}]}, "linkage.conflicts.one_sided"),
        ({"deterministic": [{"name": "rule", "sql": "l.nobody = r.record_id"}]}, "linkage.deterministic.rule"),
        ({"deterministic": [{"name": "rule", "key": ["nobody"]}]}, "linkage.deterministic.rule.key"),
        ({"training": {"prior_rules": [["nothing"]]}}, "linkage.training.prior_rules[0]"),
    ],
)
def test_a_condition_that_does_not_bind_is_named(change: dict[str, Any], place: str) -> None:
    (fault,) = check_linkage(warehouse_of([]), person(**change))
    assert fault.startswith(place)


def test_every_part_of_a_comparison_is_checked() -> None:
    wrong = {
        "name": "first_name",
        "columns": ["first"],
        "levels": [{"label": "typo", "sql": "no_such_function(first_l, first_r)"}],
        "term_frequency": "given",
        "counted_by": ["family"],
        "null_sql": "firs_l is null",
    }
    places = [fault.split(":")[0] for fault in check_linkage(warehouse_of([]), _with_first(wrong))]
    assert places == [
        "linkage.comparisons.first_name.counted_by",
        "linkage.comparisons.first_name.term_frequency",
        "linkage.comparisons.first_name.null_sql",
        "linkage.comparisons.first_name.levels[typo]",
    ]


def _with_first(comparison: dict[str, Any]) -> Any:
    return person(comparisons=[comparison, *PERSON["linkage"]["comparisons"][1:]])


def test_a_missing_record_table_is_said() -> None:
    warehouse = warehouse_of([])
    warehouse.execute("drop table standardized.person")
    assert check_linkage(warehouse, person()) == [
        "standardized.person does not exist, so the linkage cannot be checked"
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"related": [{"name": "household", "shares": {"surname": 1}}]}, "no comparison is named surname"),
        ({"comparisons": [PERSON["linkage"]["comparisons"][0]] * 2}, "each needs a name of its own"),
        ({"conflicts": [{"name": "born", "sql": "born_l <> born_r", "tolerance": 0.3}]}, "needs `when`"),
        ({"deterministic": [{"name": "model", "key": ["email"]}]}, "each needs a name of its own"),
        ({"deterministic": [{"name": "rule"}]}, "either `sql` or `key`"),
        ({"thresholds": {"merge": 0.5, "review": 0.9}}, "must not be above"),
    ],
)
def test_a_linkage_that_contradicts_itself_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        person(**change)


def test_evidence_is_checked_and_given_only_where_its_condition_holds() -> None:
    warehouse = warehouse_of([("a", *[None] * 6), ("b", *[None] * 6)])
    entity = person().model_copy(
        update={"evidence": (Evidence(entity="place", column="place_id", when="street is not null"),)}
    )
    assert check_linkage(warehouse, entity) == ["evidence.place_id: standardized.place does not exist"]
    warehouse.execute("create table standardized.place (record_id varchar, street varchar)")
    assert check_linkage(warehouse, entity) == []
    warehouse.execute("insert into standardized.place values ('a', 'Elm'), ('b', null)")
    warehouse.execute(
        "create table linked.place_clusters as select record_id, 'p1' as cluster_id from standardized.place"
    )
    prepare(warehouse, entity)
    rows = warehouse.rows("select record_id, place_id from linked.person_input order by record_id")
    assert rows == [("a", "p1"), ("b", None)]
