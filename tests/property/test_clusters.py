"""Properties of clusters on random records: nobody lost, no conflict inside, the order of rows never matters."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from dq_pipeline.linkage import cluster, prepare, score, train
from dq_pipeline.linkage.unionfind import UnionFind
from tests.unit.linkage_people import clusters, people, person, warehouse_of

Row = tuple[str | None, ...]
MODEL_ROWS = people(60)
rows = st.lists(
    st.tuples(
        st.sampled_from(["anna", "anja", "otto"]),
        st.sampled_from(["quirk", "zimt"]),
        st.sampled_from([None, "1950-01-01", "1980-07-17"]),
        st.sampled_from([None, "q@x.com", "z@x.com"]),
        st.sampled_from([None, "555", "777"]),
    ),
    min_size=2,
    max_size=9,
)


def _clusters(found: list[Row], model: dict[str, object]) -> dict[str, str]:
    warehouse = warehouse_of([*MODEL_ROWS, *found])
    prepare(warehouse, person())
    score(warehouse, person(), model)
    cluster(warehouse, person(), model, [])
    answer = {record: named for record, named in clusters(warehouse).items() if record.startswith("x")}
    warehouse.close()
    return answer


def _model() -> dict[str, object]:
    warehouse = warehouse_of(MODEL_ROWS)
    prepare(warehouse, person())
    return train(warehouse, person())


MODEL = _model()


@settings(max_examples=12, deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_no_cluster_holds_a_conflict_and_the_order_of_rows_never_matters(
    drawn: list[tuple[str | None, ...]], order: random.Random
) -> None:
    records: list[Row] = [(f"x{number}", *row, None) for number, row in enumerate(drawn)]
    found = _clusters(records, MODEL)
    assert sorted(found) == [f"x{number}" for number in range(len(drawn))]
    births = {str(row[0]): row[3] for row in records}
    for one in found:
        for other in found:
            if found[one] == found[other] and births[one] and births[other]:
                assert births[one] == births[other]
    assert _clusters(order.sample(records, len(records)), MODEL) == found


NAMES = [f"n{number:02d}" for number in range(14)]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=20), st.randoms())
def test_a_set_is_named_by_its_smallest_member(joins: list[tuple[str, str]], order: random.Random) -> None:
    one, other = UnionFind(NAMES), UnionFind(NAMES)
    for pair in joins:
        one.union(*pair)
    for pair in order.sample(joins, len(joins)):
        other.union(*pair)
    for name in NAMES:
        assert one.find(name) == other.find(name) == min(x for x in NAMES if one.find(x) == one.find(name))
