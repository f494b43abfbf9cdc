"""Judged pairs in training: they move the weights the way they say, and without them nothing is different."""

import json
from typing import Any

import numpy as np

from dq_pipeline.linkage import Judgement, prepare, train
from dq_pipeline.linkage.judged_pairs import in_force
from dq_pipeline.linkage.mixture import Assumptions, Counts, fit
from dq_pipeline.linkage.model import default_m, match_weight
from tests.unit.linkage_people import people, person, warehouse_of

# Eight pairs of one name and phone who were born on other days: at home together, or one of them is mistyped.
ALIKE: list[tuple[str | None, ...]] = [
    (f"x{number:02d}-{copy}", "paula", "quirk", f"19{50 + number}-0{1 + copy}-11", None, f"77{number}", None)
    for number in range(8)
    for copy in range(2)
]
PAIRS = [(f"x{number:02d}-0", f"x{number:02d}-1") for number in range(8)]


def _judged(kind: str, pairs: list[tuple[str, str]]) -> list[Judgement]:
    return [Judgement(*pair, kind, "ann", "2026-11-01", "", line) for line, pair in enumerate(pairs, start=2)]


def _model(judgements: list[Judgement] | None = None, **training: Any) -> dict[str, Any]:
    warehouse = warehouse_of([*people(80), *ALIKE])
    entity = person()
    linkage = entity.linkage
    told = linkage.model_copy(update={"training": linkage.training.model_copy(update=training)})
    entity = entity.model_copy(update={"linkage": told})
    prepare(warehouse, entity)
    model = train(warehouse, entity) if judgements is None else train(warehouse, entity, judgements=judgements)
    left = [name for name in warehouse.tables("linked") if "judged" in name or "candidates" in name]
    warehouse.close()
    assert left == []
    return model


def _weights(model: dict[str, Any], comparison: str) -> dict[str, float]:
    entry = next(entry for entry in model["comparisons"] if entry["name"] == comparison)
    return {level["label"]: level["weight"] for level in entry["levels"]}


def test_without_judgements_the_file_is_the_same_to_the_byte() -> None:
    plain = _model()
    assert json.dumps(plain) == json.dumps(_model([]))
    assert json.dumps(plain) == json.dumps(_model(_judged("unsure", PAIRS)))
    assert "judgements" not in plain


def test_judged_the_same_a_disagreement_counts_less_against_and_judged_different_more() -> None:
    same, plain, different = (_model(found) for found in (_judged("same", PAIRS), None, _judged("different", PAIRS)))
    birth = [_weights(model, "birth")["anything else"] for model in (same, plain, different)]
    phone = [_weights(model, "telephone")["same"] for model in (same, plain, different)]
    assert birth[0] > birth[1] >= birth[2]
    assert min(phone[:2]) > phone[2]
    assert same["judgements"] == {"same": 8, "different": 0, "weight": 5}
    assert different["judgements"] == {"same": 0, "different": 8, "weight": 5}


def test_the_declared_weight_decides_how_much_they_count() -> None:
    found = [
        _weights(_model(_judged("same", PAIRS[:2]), judgement_weight=weight), "birth")["anything else"]
        for weight in (0.5, 1, 2)
    ]
    assert found[0] < found[1] < found[2]


def test_training_is_the_same_whatever_the_order_of_the_judgements() -> None:
    judged = _judged("same", PAIRS[:4]) + _judged("different", PAIRS[4:])
    assert json.dumps(_model(judged)) == json.dumps(_model(judged[::-1]))


def test_what_is_no_pair_of_two_profiles_or_not_in_force_teaches_nothing() -> None:
    twins: list[tuple[str | None, ...]] = [(name, *ALIKE[0][1:]) for name in ("t1", "t2")]
    warehouse = warehouse_of([*people(40), *ALIKE, *twins])
    prepare(warehouse, person())
    judged = [
        *_judged("same", [("t1", "t2"), ("x01-0", "gone")]),
        *_judged("same", [("t1", "x00-1")]),
        *_judged("different", [("t2", "x00-1")]),
        *_judged("same", [("x02-0", "x02-1")]),
    ]
    # t1 and t2 are alike: the first line makes it a contradiction, without it one profile is told both.
    for told in (judged, judged[1:]):
        model = train(warehouse, person(), judgements=told)
        assert model["judgements"] == {"same": 1, "different": 0, "weight": 5}
    assert "judgements" not in train(warehouse, person(), judgements=judged[:-1])
    warehouse.close()


def test_in_force_is_the_latest_judgement_on_a_pair_if_nothing_contradicts_it() -> None:
    first, second = _judged("same", [("a", "b"), ("a", "b")])
    changed_mind = Judgement("a", "b", "different", "ann", "2026-11-02", "", 4)
    assert in_force([first, second]) == [second]
    assert in_force([first, changed_mind]) == [changed_mind]
    assert in_force(_judged("same", [("a", "b"), ("b", "c")]) + _judged("different", [("a", "c")])) == [], (
        "a contradiction"
    )


U = [np.array([0.99, 0.01])] * 2


def _fitted(known: float, pairs: float) -> tuple[float, float]:
    """The weights of agreement in the first comparison and of disagreement in the second, as the judged pairs are."""
    counted = Counts.of([(0, 0, 0, 98_000), (1, 1, 0, 1_500), (1, 0, 0, 1_100), (0, 1, 0, 1_100)], 2)
    pattern = np.array([[1, 0]], dtype=np.int64)
    judged = Counts(pattern, np.zeros(1, dtype=np.int64), np.array([pairs]), np.array([known]))
    believed = tuple(np.array(default_m(2)[::-1]) for _ in U)
    assumed = Assumptions(believed, (0.3, 0.3), 30.0, (), (), 1_000, (101_700,))
    found = fit(Counts.joined([counted, judged]), 1.0, tuple(U), assumed)
    return match_weight(found.m[0][1], found.u[0][1]), match_weight(found.m[1][0], found.u[1][0])


def test_the_fit_follows_pairs_of_known_class() -> None:
    nothing, same, different = _fitted(1, 0), _fitted(1, 200), _fitted(0, 200)
    assert different[0] < nothing[0]
    assert same[1] > nothing[1]
    assert _fitted(0, 0) == nothing
