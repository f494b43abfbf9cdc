"""`dq init --source` on real files: each ends in a published night, no file edited, or says what it must be told.

The labelled sets are published in test_accuracy.

The data is no part of the project: it lies in `shared/data` beside the checkout, or where DQ_SHARED_DATA says.
"""

import csv
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from dq_pipeline.config import load_project
from dq_pipeline.errors import ConfigError
from dq_pipeline.extracts import land_in_place
from dq_pipeline.proposing import NoHeaderError, Wanted, read_extract
from dq_pipeline.starting import propose, start_from_sources, write_proposals
from dq_pipeline.warehouse import Warehouse
from tests.conftest import CHECKOUT, call, check_published, published

SHARED = Path(os.environ.get("DQ_SHARED_DATA") or CHECKOUT.parent / "shared/data").resolve()
SETS = ["fake_1000", "febrl3", "febrl4", "fodors_zagat", "historical_50k", "pseudopeople_2030"]
UNPARSED = "source varchar, source_file varchar, line_number bigint, reason varchar, text varchar"
PROSPECTS = """prospect_id,alternate_key,first_name,middle_name,last_name,birth_date,marital_status,gender,email,income,
    children,children_at_home,education,occupation,house_owner,cars,address_line1,address_line2,city,state,postal_code,
    phone,salutation,score"""
RESELLERS = """reseller_id,geography_id,alternate_key,phone,business_type,reseller_name,employees,order_frequency,
    order_month,first_order_year,last_order_year,product_line,address_line1,address_line2,annual_sales,bank_name,
    payment_type,payment_amount,annual_revenue,opened_year"""
GEOGRAPHY = "geography_id,city,state,state_name,country,-,-,-,postal_code,territory_id,ip_locator"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(
        not all((SHARED / name).is_dir() for name in ("er", "northwind", "adventureworks")),
        reason=f"{SHARED} has no er, northwind and adventureworks; set DQ_SHARED_DATA to where they are",
    ),
]


def names(text: str) -> str:
    return "".join(text.split())


def run(project: Path, records: int) -> None:
    """Check and run a project; every record has one master."""
    for command in ("check", "run"):
        answer = call(command, "--project", project)
        assert answer.code == 0, answer.text
    check_published(project, records)


def rows_of(name: str, delimiter: str = ",") -> int:
    with (SHARED / name).open(encoding="utf-8", newline="") as stream:
        return sum(1 for _ in csv.reader(stream, delimiter=delimiter))


@pytest.mark.parametrize("name", SETS)
def test_key_and_system_of_a_set_are_found(name: str, tmp_path: Path) -> None:
    path = SHARED / "er" / name / "customers.csv"
    (proposal,) = start_from_sources(tmp_path / "mine", {"crm": path}, link=True)
    assert proposal.key == ("source_record_id",)
    assert proposal.fields["system"] == ("source_system",)
    assert proposal.kind == ("organization" if name == "fodors_zagat" else "person")
    assert all(choice.is_sure for choice in proposal.choices.values())
    assert call("check", "--project", tmp_path / "mine").code == 0


def test_northwind_is_published_without_an_edited_file(tmp_path: Path) -> None:
    source = f"customers={SHARED / 'northwind/Customers.csv'}"
    assert call("init", tmp_path / "mine", "--source", source, "--yes").code == 0
    run(tmp_path / "mine", rows_of("northwind/Customers.csv") - 1)
    reader = published(tmp_path / "mine")
    query = "select customer_type, count(*), count(distinct country) from master.customer group by customer_type"
    assert reader.rows(query) == [("organization", 93, 21)]
    reader.close()


@pytest.mark.parametrize(
    ("file", "fields", "told"),
    [
        ("dw_ProspectiveBuyer.csv", 24, "--columns crm=id,-,first_name"),
        ("dw_DimReseller.csv", 20, "--columns crm=id,-,-,phone,-,company"),
        ("dw_DimGeography.csv", 11, "--columns crm=id"),
    ],
)
def test_adventure_works_says_what_it_must_be_told(file: str, fields: int, told: str, tmp_path: Path) -> None:
    answer = call("init", tmp_path / "mine", "--source", f"crm={SHARED / 'adventureworks' / file}", "--yes")
    assert answer.code == 2
    assert f"no header: its first line is data, {fields} fields parted by '|'" in answer.text
    assert told in answer.text
    assert not (tmp_path / "mine").exists()


def test_adventure_works_is_published_once_its_fields_have_names(tmp_path: Path) -> None:
    folder = SHARED / "adventureworks"
    sources = ("--source", f"prospects={folder / 'dw_ProspectiveBuyer.csv'}")
    sources = (*sources, "--source", f"resellers={folder / 'dw_DimReseller.csv'}")
    columns = ("--columns", f"prospects={names(PROSPECTS)}", "--columns", f"resellers={names(RESELLERS)}")
    answer = call("init", tmp_path / "mine", *sources, *columns, "--yes")
    assert answer.code == 0, answer.text
    run(tmp_path / "mine", 2059 + 701)
    reader = published(tmp_path / "mine")
    kinds = dict(reader.rows("select customer_type, count(*) from master.customer group by customer_type"))
    assert kinds.keys() == {"person", "organization"}
    assert kinds["organization"] == 701
    # Four people are listed two or three times: 2,053 people in 2,059 rows.
    assert 2050 <= kinds["person"] <= 2059
    reader.close()


def test_the_towns_of_adventure_works_are_an_address_project(tmp_path: Path) -> None:
    source = f"towns={SHARED / 'adventureworks/dw_DimGeography.csv'}"
    arguments = ("--source", source, "--columns", GEOGRAPHY, "--entity", "address", "--yes")
    answer = call("init", tmp_path / "mine", *arguments)
    assert answer.code == 0, answer.text
    run(tmp_path / "mine", 655)


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "nasty_csv").is_dir(), reason=f"{SHARED} has no nasty_csv")
def test_nasty_files_are_proposed_and_read_alike_or_refused_with_a_reason(tmp_path: Path) -> None:
    """Files made to break CSV readers: all columns are the key, so that a file is refused for its form alone."""
    read, remedies = 0, []
    for number, path in enumerate(sorted((SHARED / "nasty_csv").glob("*__*.csv"))):
        folder = tmp_path / str(number)
        try:
            (proposal,) = propose([wanted_of(path, folder)], "customer", folder)
        except ConfigError as error:
            remedies.append(error.remedy)
            continue
        write_proposals(folder, [proposal])
        project = load_project(folder)
        warehouse = Warehouse()
        warehouse.execute(f"create table raw.unparsed ({UNPARSED})")
        landed = land_in_place(warehouse, project.source("crm"), project.data, date(2026, 1, 1), folder)
        warehouse.close()
        assert landed.breaches == (), path.name
        assert (landed.rows, landed.unparsed) == (proposal.extract.rows, proposal.extract.unparsed), path.name
        read += 1
    assert read > 80
    assert all(remedies), "what cannot be read says what to do"


def wanted_of(path: Path, folder: Path) -> Wanted:
    """A file whose every column is its key and whose first is the name; fields without header are named by place."""
    warehouse = Warehouse()
    folder.mkdir()
    wanted = Wanted("crm", path)
    try:
        columns = read_extract(warehouse, wanted, folder).columns
        return replace(wanted, key=columns, fields=(("full_name", columns[0]),))
    except NoHeaderError as error:
        names = tuple(f"f{place}" for place in range(error.width))
        return replace(wanted, columns=names, key=names, fields=(("full_name", names[0]),))
    finally:
        warehouse.close()
