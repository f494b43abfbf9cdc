"""Candidate pairs: every pair that shares a key, once, and never the pairs of a key that too many hold."""

from linkage_people import people, person, warehouse_of

from dq_pipeline.config.entity import Entity
from dq_pipeline.linkage import prepare
from dq_pipeline.linkage.blocking import build_blocking_report, build_candidates, random_pairs_select
from dq_pipeline.linkage.profiles import build_profiles
from dq_pipeline.warehouse import Warehouse


def _profiled(rows: list[tuple[str | None, ...]], entity: Entity) -> Warehouse:
    warehouse = warehouse_of(rows)
    prepare(warehouse, entity)
    build_profiles(warehouse, entity)
    return warehouse


def _named(number: int, email: str | None, phone: str | None) -> tuple[str | None, ...]:
    return (f"r{number:03d}", f"first{number}", f"last{number}", None, email, phone, None)


def test_a_pair_is_found_once_whatever_number_of_keys_it_shares() -> None:
    rows = [_named(1, "m", "p"), _named(2, "m", "p"), _named(3, None, "p"), _named(4, None, None)]
    entity = person(blocking=[["email"], ["phone"]])
    warehouse = _profiled(rows, entity)
    build_candidates(warehouse, entity)
    assert warehouse.rows("select l, r, rule from linked.person_candidates order by l, r") == [
        (1, 2, 0),
        (1, 3, 1),
        (2, 3, 1),
    ]


def test_a_key_that_too_many_hold_is_skipped() -> None:
    rows = [_named(number, "shop@x.com", f"p{number // 2}") for number in range(20)]
    entity = person(blocking=[["email"], ["phone"]], max_block=10)
    warehouse = _profiled(rows, entity)
    assert build_candidates(warehouse, entity) == 10
    build_blocking_report(warehouse, entity)
    assert warehouse.rows("select rule, key, pairs from linked.person_blocking") == [(0, "email", 0), (1, "phone", 10)]


def test_random_pairs_are_the_same_for_any_row_order_and_no_pair_is_drawn_twice() -> None:
    entity = person(training={"prior_rules": [["email"]], "max_pairs": 10_000})
    drawn = []
    for rows in (people(200), people(200)[::-1]):
        warehouse = _profiled(rows, entity)
        size = warehouse.count("linked.person_profile_rows")
        pairs = warehouse.rows(random_pairs_select(entity, size) + " order by l, r")
        drawn.append(pairs)
        assert len(set(pairs)) == len(pairs)
        assert all(left < right for left, right in pairs)
        assert 9_000 <= len(pairs) <= 10_000
    assert drawn[0] == drawn[1]


def test_random_pairs_of_two_are_the_one_pair() -> None:
    entity = person()
    warehouse = _profiled([_named(1, None, None), _named(2, None, None)], entity)
    assert warehouse.rows(random_pairs_select(entity, 2)) == [(1, 2)]


def test_a_record_is_compared_along_its_rarest_keys_while_it_has_room() -> None:
    rows = [_named(number, f"m{number // 10}", f"p{number // 2}") for number in range(20)]
    by_phone = {(number, number + 1) for number in range(1, 20, 2)}
    for free_pairs, each, found in ((0, 5, 10), (0, 10, 90), (20 * 10, 1, 90)):
        entity = person(blocking=[["email"], ["phone"]], max_pairs_per_record=each, free_pairs=free_pairs)
        warehouse = _profiled(rows, entity)
        assert build_candidates(warehouse, entity) == found
        pairs = set(warehouse.rows("select l, r from linked.person_candidates"))
        assert by_phone <= pairs, "the rarest keys come first"


def test_a_pair_is_compared_that_one_of_the_two_asks_for() -> None:
    rows = [_named(number, "m", f"p{number % 3}" if number < 9 else None) for number in range(10)]
    entity = person(blocking=[["email"], ["phone"]], max_pairs_per_record=9, free_pairs=0)
    warehouse = _profiled(rows, entity)
    build_candidates(warehouse, entity)
    found = set(warehouse.rows("select l, r from linked.person_candidates"))
    # The tenth has nothing but the common e-mail, and so room for it; the others have used some of theirs.
    assert {(number, 10) for number in range(1, 10)} <= found
    assert (1, 2) not in found
    assert (1, 4) in found
