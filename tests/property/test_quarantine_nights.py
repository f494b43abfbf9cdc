"""Random nights, repairs, releases and replays: no row is lost or doubled, and a release lets pass what it names."""

import hashlib
import tempfile
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dq_pipeline.config import Source
from dq_pipeline.quality.quarantine import TYPE_EXPECTATION, conservation, validate_source
from dq_pipeline.quality.releases import Release
from dq_pipeline.scorecard.ledger import build_ledger
from dq_pipeline.sql import set_run_values
from dq_pipeline.warehouse import Warehouse

KEYS = ("a", "b", "c", "d")
SOURCE = Source.model_validate(
    {
        "name": "parcels",
        "title": "Parcels",
        "owner": "delivery",
        "touchpoint": "web",
        "location": {"path": "parcels.csv"},
        "key": ["id"],
        "columns": {"id": "text", "pieces": "integer", "weight": "integer"},
    }
)
# A key's row tonight: its two values, or None where the source does not deliver it.
row = st.none() | st.tuples(st.sampled_from(["1", "many"]), st.sampled_from(["2", "heavy"]))
night = st.fixed_dictionaries(dict.fromkeys(KEYS, row))
asked = st.sets(st.tuples(st.sampled_from(KEYS), st.sampled_from(["pieces", "weight"])), max_size=3)
nights = st.lists(st.tuples(night, asked), min_size=2, max_size=5)


def fingerprint(key: str, pieces: str, weight: str) -> str:
    content = f'{{"id":"{key}","pieces":"{pieces}","weight":"{weight}"}}'
    return hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()


def bad(values: tuple[str, str]) -> set[str]:
    return {name for name, value in zip(("pieces", "weight"), values, strict=True) if not value.isdigit()}


def run_night(warehouse: Warehouse, rows: dict[str, Any], releases: list[Release], previous: Path | None) -> None:
    values = ", ".join(f"('{key}', '{one[0]}', '{one[1]}')" for key, one in rows.items() if one)
    warehouse.build(
        "raw.parcels",
        f"""select t.*, 'parcels:' || id as record_id, id as source_key, 1 as repeat_no, 'f' as source_file,
            cast(1 as bigint) as line_number, 'h' as file_hash
        from (values {values or "('', '', '')"}) as t(id, pieces, weight) where id <> ''""",
    )
    validate_source(warehouse, None, SOURCE, None, releases)
    build_ledger(warehouse, SimpleNamespace(sources=[SOURCE]), previous)  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(nights)
def test_no_sequence_loses_or_doubles_a_row(story: list[tuple[dict[str, Any], set[tuple[str, str]]]]) -> None:
    releases: list[Release] = []
    allowed: set[tuple[str, str, str]] = set()
    previous: Path | None = None
    seen: set[tuple[str, str]] = set()
    with tempfile.TemporaryDirectory() as folder:
        for number, (rows, wishes) in enumerate(story):
            warehouse = Warehouse(threads=1)
            set_run_values(warehouse, f"r{number}", date(2026, 11, 1) + timedelta(days=number))
            # The same night twice over: nothing may differ after the second time.
            for _ in range(2):
                run_night(warehouse, rows, releases, previous)
                kept_out = {key for (key,) in warehouse.rows("select source_key from quarantined.rows")}
                come = {key: values for key, values in rows.items() if values}
                expected = {
                    key
                    for key, values in come.items()
                    if any((key, fingerprint(key, *values), name) not in allowed for name in bad(values))
                }
                assert kept_out == expected
                assert conservation(warehouse, "parcels").holds
                assert warehouse.count("validated.parcels") + warehouse.count("quarantined.rows") == len(come)
            seen |= {(key, name) for key, values in come.items() for name in bad(values)}
            ledger = warehouse.records("select * from scored.quarantine")
            assert Counter((one["source_key"], one["column"]) for one in ledger) == Counter(seen)
            for one in ledger:
                values = come.get(one["source_key"])
                if values is not None and one["column"] in bad(values):
                    is_allowed = (one["source_key"], fingerprint(one["source_key"], *values), one["column"]) in allowed
                    assert one["status"] == ("released" if is_allowed else "open")
                else:
                    assert one["status"] == ("gone" if values is None else "repaired")
                assert one["first_seen"] <= one["since"] <= one["last_seen"] <= date(2026, 11, 1) + timedelta(number)
            for key, name in wishes:
                if come.get(key):
                    mark = fingerprint(key, *come[key])
                    allowed.add((key, mark, name))
                    releases.append(
                        Release(
                            f"parcels:{key}", mark, f"bad_{name}", TYPE_EXPECTATION, name, "right", "Ann", "2026-11-01"
                        )
                    )
            previous = Path(folder) / f"{number}.duckdb"
            warehouse.attach(previous, "release", read_only=False)
            warehouse.execute("create schema release.quality")
            warehouse.execute("create table release.quality.quarantine as select * from scored.quarantine")
            warehouse.detach("release")
            warehouse.close()
