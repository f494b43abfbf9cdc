"""`dq evaluate` on the sample's night and its truth."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Answer, call

TRUTH = "data/sample/truth"


def evaluated(project: Path, *arguments: str | Path, entity: str = "customer", truth: str = "customers.csv") -> Answer:
    return call("evaluate", entity, "--project", project, "--truth", project / TRUTH / truth, *arguments)


def document(project: Path, *arguments: str | Path, **named: str) -> dict[str, Any]:
    answer = evaluated(project, "--json", *arguments, **named)
    assert answer.code == 0, answer.text
    read: dict[str, Any] = json.loads(answer.text)
    return read


def working_hash(project: Path) -> str:
    return hashlib.sha256((project / "output/working.duckdb").read_bytes()).hexdigest()


@pytest.mark.parametrize(("entity", "truth"), [("customer", "customers.csv"), ("address", "addresses.csv")])
def test_the_parts_add_up_and_nothing_is_written(sample: Path, entity: str, truth: str) -> None:
    before = working_hash(sample)
    found = document(sample, entity=entity, truth=truth)
    lost = found["losses"]
    parts = ("found", "gained", "lost_before", "lost_in_blocking", "lost_in_scoring", "lost_in_clustering")
    assert sum(lost[part] for part in parts) == lost["true"] == found["true_pairs"] > 1_000
    assert lost["found"] + lost["gained"] == found["right_pairs"]
    assert sum(found["false_pairs"].values()) == found["false_merges"] == found["found_pairs"] - found["right_pairs"]
    assert sum(found["missed_by_reason"].values()) == found["missed_pairs"] - lost["lost_before"]
    for total in ("true_pairs", "found_pairs", "right_pairs"):
        # A record that is not in the run has no system.
        gone = lost["lost_before"] if total == "true_pairs" else 0
        assert sum(pair[total] for pair in found["systems"]) == found[total] - gone
    assert found["pairwise"]["precision"] > 0.9
    assert found["pairwise"]["recall"] > 0.9
    assert found["b_cubed"]["f1"] > 0.9
    assert working_hash(sample) == before


def test_the_text_says_what_the_document_says(sample: Path) -> None:
    found, text = document(sample), evaluated(sample).text
    assert re.search(rf"pairs +{found['pairwise']['precision']:.4f} +{found['pairwise']['recall']:.4f}", text)
    assert f"missed: {found['missed_pairs']:,} of {found['true_pairs']:,} true pairs" in text
    assert f"{found['losses']['lost_in_clustering']:,}" in text
    assert "Worst misses" in text


def test_errors_are_masked_unless_asked(sample: Path) -> None:
    def birth_dates(*arguments: str) -> set[str]:
        pairs = document(sample, "--worst", "20", *arguments)["worst_misses"]
        compared = [one for pair in pairs for one in pair["comparisons"]]
        sides = [side for one in compared for side in (one["left"], one["right"])]
        return {str(value) for side in sides for column, value in side.items() if column == "birth_date" and value}

    assert birth_dates() <= {"••••-••-••"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", value) for value in birth_dates("--unmasked"))


def test_as_many_errors_as_wanted_most_pairs_first(sample: Path) -> None:
    worst = document(sample, "--worst", "3")["worst_misses"]
    assert 0 < len(worst) <= 3
    assert [pair["pairs"] for pair in worst] == sorted((pair["pairs"] for pair in worst), reverse=True)
    assert document(sample, "--worst", "0")["worst_misses"] == []


def test_faults_are_told_with_exit_code_2(sample: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("record_id,entity_id\nabc,1\n", encoding="utf-8")
    answer = call("evaluate", "customer", "--project", sample, "--truth", other)
    assert answer.code == 2
    assert "none of its records is a customer of the last run" in answer.text
    assert "--id-column" in answer.text
    answer = call("evaluate", "parrot", "--project", sample, "--truth", other)
    assert answer.code == 2
    assert "no entity is named 'parrot'" in answer.text
    answer = evaluated(sample, "--id-column", "key")
    assert answer.code == 2
    assert "there is no column key" in answer.text


def test_without_a_run_it_says_so(tmp_path: Path) -> None:
    assert call("init", tmp_path / "demo").code == 0
    answer = evaluated(tmp_path / "demo")
    assert answer.code == 2
    assert "dq run" in answer.text
