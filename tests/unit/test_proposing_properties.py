"""Whatever stands in the headers: the contract that is written loads, and the run reads what the proposal read."""

import csv
import re
import tempfile
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dq_pipeline.config import load_project
from dq_pipeline.extracts import land_in_place
from dq_pipeline.proposing import Wanted
from dq_pipeline.proposing.headers import column_name, header_scores
from dq_pipeline.proposing.reading import NoHeaderError
from dq_pipeline.starting import propose, write_proposals
from dq_pipeline.warehouse import Warehouse

# No lone surrogates (no text has them), no NUL (no CSV has it), and no line ends that only Python knows.
HEADERS = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(HEADERS, min_size=1, max_size=6))
def test_any_headers_make_a_contract_by_which_the_file_is_read(headers: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "a.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["id", "full name", *headers])
            writer.writerows([[f"k{row}", "Ann Lee", *(f"v{row}" for _ in headers)] for row in range(3)])
        try:
            (proposal,) = propose([Wanted("crm", folder / "a.csv", key=("id",))], "customer", folder / "mine")
        except NoHeaderError:
            # A number, a date or an e-mail address names no field: the line is taken for data, and we are asked.
            assert any(re.search(r"\d|@|://", header) for header in headers)
            return
        assert proposal.extract.rows == 3
        assert len(proposal.extract.columns) == len(headers) + 2
        write_proposals(folder / "mine", [proposal])
        source = load_project(folder / "mine").source("crm")
        warehouse = Warehouse()
        warehouse.execute(
            """create table raw.unparsed
            (source varchar, source_file varchar, line_number bigint, reason varchar, text varchar)"""
        )
        landed = land_in_place(warehouse, source, folder / "mine/data", date(2026, 1, 1), folder)
        assert landed.breaches == ()
        assert (landed.rows, landed.unparsed) == (3, 0)
        assert warehouse.rows("select id, full_name from raw.crm order by id") == [
            (f"k{n}", "Ann Lee") for n in range(3)
        ]
        warehouse.close()


@given(HEADERS)
def test_any_header_is_a_plain_name_or_none(header: str) -> None:
    name = column_name(header)
    assert name == "" or (name.isascii() and name.isidentifier() and name == name.lower() and len(name) <= 60)
    assert all(0 < score <= 1 for score in header_scores(header, "customer").values())
