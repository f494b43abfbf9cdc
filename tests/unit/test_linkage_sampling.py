"""Training on a sample of a large table."""

import pytest
from linkage_people import people, person, warehouse_of

from dq_pipeline.linkage import prepare, train
from dq_pipeline.linkage.judgements import Judgement
from dq_pipeline.linkage.model import weights

RULES = {"prior_rules": [["first", "last", "email"]], "recall": 0.8}


def test_a_large_table_is_sampled_and_the_sample_knows_the_same_weights() -> None:
    rows = people(3_000)
    whole = person(training=RULES)
    warehouse = warehouse_of(rows)
    prepare(warehouse, whole)
    told = train(warehouse, whole)
    sampled = train(warehouse, person(training=RULES | {"max_records": 3_000}))
    assert warehouse.count("linked.person_input") == len(rows), "the input is whole again"
    assert not [table for table in warehouse.tables("linked") if table.endswith("_whole")]
    assert (sampled["sampled"], sampled["records"], sampled["profiles"]) == (3_000, told["records"], told["profiles"])
    assert "sampled" not in told
    assert sampled["prior"]["match"] == pytest.approx(told["prior"]["match"], rel=0.5)
    strong = {row[:3]: row[6] for row in weights(told) if row[2] > 0}
    for row in weights(sampled):
        if row[:3] in strong:
            assert row[6] == pytest.approx(strong[row[:3]], abs=2.5), row


def test_the_sample_does_not_depend_on_row_order_and_holds_what_was_judged() -> None:
    rows = people(1_000)
    # Half of the records are drawn: that all of these are by chance is out of the question.
    judged = [
        Judgement(rows[number][0] or "", rows[number + 1_001][0] or "", "different", "Ann", "2026-11-20", "", 2)
        for number in range(12)
    ]
    entity = person(training=RULES | {"max_records": 1_000})
    models = []
    for given in (rows, rows[::-1]):
        warehouse = warehouse_of(given)
        prepare(warehouse, entity)
        models.append(train(warehouse, entity, judgements=judged))
    assert models[0] == models[1]
    assert models[0]["judgements"]["different"] == 12
