"""A new source, a new entity and a new issue check are files: the sample grows by them, and no line of Python changes.

`supplier` is resolved from a CSV of purchasing and from JSON lines of the goods entrance. In the first night its
master table is published as survivorship makes it; in the second it has a SELECT of its own.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from dq_pipeline.warehouse import Warehouse
from tests.conftest import Answer, call, published

# supplier_id, name, VAT id, phone, town, as of when
SUPPLIERS = """\
P001,Meyer Tools GmbH,DE811907980,+49 30 55512340,Berlin,2026-11-02
P002,Northern Timber Ltd,GB980780684,+44 20 79460101,Leeds,2026-11-02
P003,Atelier Dubois SARL,FR40303265045,+33 1 70185512,Lyon,2026-11-02
P004,Quick Pack Inc,,+1 312 555 0147,Chicago,2026-11-02
P005,Bergstrom Lacquers AB,SE556012579001,+46 8 50245511,Uppsala,2026-11-02
P006,Van Houten Metaal BV,NL009291477B01,+31 20 7945512,Utrecht,2026-11-02
P007,Rossi Ceramica SpA,IT00743110157,+39 02 95535512,Faenza,2026-11-02
P008,Lopez Hilados SL,ESB58378431,+34 93 1185512,Sabadell,2026-11-02
P009,Kowalski Szklo Sp. z o.o.,PL8567346215,+48 22 2085512,Krosno,2026-11-02
P010,Quick Print Inc,,+1 312 555 0188,Chicago,2026-11-02
P011,Atelier Dubois,FR40303265045,,Lyon,2025-03-01
"""
# number, name on the delivery note, VAT id, phone, town, day
DELIVERIES = (
    ("D01", "MEYER TOOLS", "DE 811 907 980", None, None, "2026-11-16"),
    ("D02", "Northern Timber", "GB980780684", "+44 20 79460101", "Leeds", "2026-11-16"),
    ("D03", "Quick Pack", None, "+1 312 555 0147", "Chicago", "2026-11-17"),
    ("D04", "Meyer Tools GmbH", "DE811907980", "+49 30 55512340", "Berlin", "2026-11-17"),
    ("D05", "Van Houten Metaal", "NL009291477B01", None, "Utrecht", "2026-11-18"),
    ("D06", "Rossi Ceramica", "IT00743110157", None, None, "2026-11-18"),
    ("D07", "Unknown Traders", None, None, "Hull", "2026-11-19"),
    ("D08", "Quick Print", None, "+1 312 555 0188", "Chicago", "2026-11-19"),
)
# Which records mean one supplier, written down by hand; all others stand alone.
TOGETHER = (
    {"supplier_list:P001", "deliveries:D01", "deliveries:D04"},
    {"supplier_list:P002", "deliveries:D02"},
    {"supplier_list:P003", "supplier_list:P011"},
    {"supplier_list:P004", "deliveries:D03"},
    {"supplier_list:P006", "deliveries:D05"},
    {"supplier_list:P007", "deliveries:D06"},
    {"supplier_list:P010", "deliveries:D08"},
)

SOURCES = {
    "supplier_list": """
name: supplier_list
title: Suppliers as purchasing knows them
owner: warehouse
touchpoint: warehouse
location: {path: supplier_list.csv}
format: {header: false}
key: [supplier_id]
columns:
  supplier_id: {title: number of the supplier}
  name: {title: name of the supplier}
  vat_id: {title: VAT id}
  phone: {title: phone}
  town: {title: town}
  updated_on: {type: date, title: when it was last changed}
""",
    "deliveries": """
name: deliveries
title: Delivery notes
owner: warehouse
touchpoint: warehouse
location: {path: deliveries.jsonl}
format: {type: jsonl}
key: [number]
extra_columns: ignore
columns:
  number: {title: number of the note}
  supplier: {title: name on the note}
  vat_id: {title: VAT id on the note}
  phone: {title: phone on the note}
  town: {title: town on the note}
  delivered_on: {from: day, type: date, title: when it came, code: bad_day}
""",
    "support_tickets": """
name: support_tickets
title: Support tickets
owner: support
touchpoint: support
location: {path: support_tickets.csv}
key: [ticket_id]
columns:
  ticket_id: {title: number of the ticket}
  order_id: {title: 'the order it is about: orders.order_id'}
  status: {title: open or closed}
  opened_at: {type: timestamp, title: when it was opened, code: bad_opened_at}
""",
}

SUITE = {
    "name": "support_tickets",
    "expectations": [
        {
            "type": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "status", "value_set": ["open", "closed"]},
            "meta": {"code": "bad_status", "dimension": "validity", "owner": "support"},
            "severity": "critical",
            "description": "status is open or closed",
        }
    ],
    "meta": {"great_expectations_version": "1.24.1"},
}

ENTITY = """
name: supplier
title: Supplier
id_prefix: SUP
sources: [supplier_list, deliveries]
linkage:
  deterministic:
    - {name: same_vat_id, sql: l.vat_key = r.vat_key}
  blocking:
    - [phone_key]
    - [org_key]
    - ["substr(org_key, 1, 4)", town_key]
  comparisons:
    - name: name
      columns: [org_key]
      term_frequency: org_key
      levels:
        - {label: same, sql: "org_key_l = org_key_r"}
        - {label: similar, sql: "jaro_winkler_similarity(org_key_l, org_key_r) >= 0.92"}
    - name: phone
      columns: [phone_key]
      strong: true
      levels:
        - {label: same, sql: "phone_key_l = phone_key_r"}
    - name: town
      columns: [town_key]
      levels:
        - {label: same, sql: "town_key_l = town_key_r"}
  shield: {odds: 4}
  conflicts:
    - {name: vat_id, sql: "vat_key_l <> vat_key_r"}
  training:
    prior_rules:
      - [vat_key]
      - [org_key, phone_key]
unique_in: [supplier_list]
golden:
  trust: [supplier_list, deliveries]
  fields:
    - {name: supplier_name, rule: most_trusted, title: the name to print}
    - {name: vat_id, rule: most_frequent, title: VAT id}
    - name: reach
      columns: [phone, town]
      rule: most_recent
      title: 'how to reach them, from one record'
    - {name: updated_at, rule: most_recent}
"""

SELECTS = {
    "standardized/supplier_list__supplier": """
-- One row is one supplier of purchasing.
select
    record_id,
    'supplier_list' as source,
    source_key,
    name,
    vat_id,
    phone,
    town,
    cast(updated_on as timestamp) as updated_at
from validated.supplier_list
""",
    "standardized/deliveries__supplier": """
-- One row is the supplier of one delivery note.
select
    record_id,
    'deliveries' as source,
    source_key,
    supplier as name,
    vat_id,
    phone,
    town,
    cast(delivered_on as timestamp) as updated_at
from validated.deliveries
""",
    "standardized/supplier": """
-- One row is one record of a supplier.
select
    record_id,
    source,
    source_key,
    std_display_organization(name) as supplier_name,
    std_organization(name) as org_key,
    upper(std_key(vat_id)) as vat_id,
    std_key(vat_id) as vat_key,
    std_phone(phone, null) as phone,
    std_phone_digits(phone) as phone_key,
    std_blank(town) as town,
    std_fold(town) as town_key,
    updated_at
from standardized.supplier_conformed
""",
    "issues/T01_ticket_without_order": """
-- One row is a ticket about an order that was not delivered.
select
    tickets.source_key as key,
    tickets.record_id,
    cast(null as varchar) as master_id,
    tickets.order_id,
    'order ' || coalesce(tickets.order_id, '(blank)') || ' was not delivered' as detail,
    cast(null as decimal(18, 2)) as value_at_risk
from validated.support_tickets as tickets
left join (select distinct order_id from raw.orders) as delivered
    on delivered.order_id = tickets.order_id
where delivered.order_id is null
""",
    "issues/U01_supplier_not_listed": """
-- One row is a delivery by a supplier whom purchasing does not know.
select
    xref.source_key as key,
    xref.record_id,
    xref.master_id,
    cast(null as varchar) as order_id,
    supplier.supplier_name || ' is not on the list' as detail,
    cast(null as decimal(18, 2)) as value_at_risk
from mastered.xref
join mastered.supplier
    on supplier.supplier_id = xref.master_id
left join (select distinct master_id from mastered.xref where source = 'supplier_list') as listed
    on listed.master_id = xref.master_id
where xref.source = 'deliveries'
    and listed.master_id is null
""",
}
OWN_SELECT = """
-- One row is one supplier, with what it delivered.
select
    golden.supplier_id, -- the stable id of the supplier
    golden.supplier_name, -- the name to print
    golden.vat_id, -- VAT id
    count(deliveries.record_id) as deliveries -- delivery notes in its name
from mastered.supplier_golden as golden
left join mastered.supplier_records as deliveries
    on deliveries.supplier_id = golden.supplier_id
    and deliveries.source = 'deliveries'
group by
    golden.supplier_id,
    golden.supplier_name,
    golden.vat_id
"""
CHECKS = [
    {
        "code": "T01",
        "name": "ticket_without_order",
        "title": "A ticket is about an order that was not delivered",
        "dimension": "consistency",
        "severity": "warning",
        "source": "support_tickets",
        "owner": "support",
        "touchpoint": "support",
        "remedy": "ask the customer for the order",
    },
    {
        "code": "U01",
        "name": "supplier_not_listed",
        "title": "Somebody delivers whom purchasing does not know",
        "dimension": "consistency",
        "source": "deliveries",
        "entity": "supplier",
        "owner": "warehouse",
        "touchpoint": "warehouse",
    },
]


@dataclass(frozen=True)
class Grown:
    """The sample with the new files: what `dq check` said, and the published file before and after each night."""

    project: Path
    checked: Answer
    before: Warehouse
    first: Warehouse
    second: Warehouse


def change_yaml(path: Path, **more: list[object]) -> None:
    """Append to lists of a YAML file; the file itself is a list where the name is `itself`."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, values in more.items():
        (document if name == "itself" else document[name]).extend(values)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def grow(project: Path) -> None:
    """Write the new files into the project: contracts, extracts, a suite, an entity, SELECTs, issue checks."""
    pipelines, data = project / "pipelines", project / "data/sample"
    for name, contract in SOURCES.items():
        (pipelines / f"sources/{name}.yml").write_text(contract, encoding="utf-8")
    for name, select in SELECTS.items():
        (pipelines / f"sql/{name}.sql").write_text(select.lstrip(), encoding="utf-8")
    (pipelines / "entities/supplier.yml").write_text(ENTITY, encoding="utf-8")
    (project / "expectations/raw/support_tickets.json").write_text(json.dumps(SUITE), encoding="utf-8")
    (data / "supplier_list.csv").write_text(SUPPLIERS, encoding="utf-8")
    names = ("number", "supplier", "vat_id", "phone", "town", "day")
    notes = [dict(zip(names, note, strict=True)) | {"pallets": 2} for note in DELIVERIES]
    (data / "deliveries.jsonl").write_text("".join(json.dumps(note) + "\n" for note in notes), encoding="utf-8")
    orders = (data / "orders.csv").read_text(encoding="utf-8").splitlines()[1:40]
    tickets = [f"T{number:03},{order.split(',')[0]},open,2026-11-19" for number, order in enumerate(orders)]
    tickets += ["T900,O9999999,open,2026-11-19", f"T901,{orders[0].split(',')[0]},lost,2026-11-19"]
    lines = ["ticket_id,order_id,status,opened_at", *tickets]
    (data / "support_tickets.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    change_yaml(pipelines / "nightly.yml", sources=list(SOURCES), entities=["supplier"])
    change_yaml(pipelines / "issues.yml", itself=list(CHECKS))


@pytest.fixture(scope="module")
def grown(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grown]:
    project = Path(shutil.copytree(sample, tmp_path_factory.mktemp("grown") / "project", symlinks=True))
    readers = [published(project)]
    grow(project)
    checked = call("check", "--project", project)
    answer = call("run", "--project", project)
    assert answer.code == 0, answer.text
    readers.append(published(project))
    (project / "pipelines/sql/mastered/supplier.sql").write_text(OWN_SELECT.lstrip(), encoding="utf-8")
    change_yaml(project / "pipelines/nightly.yml", mastered=["supplier"])
    answer = call("run", "--project", project, "--date", "2026-11-21")
    assert answer.code == 0, answer.text
    readers.append(published(project))
    yield Grown(project, checked, *readers)
    for reader in readers:
        reader.close()


def column_comments(reader: Warehouse, table: str) -> dict[str, str]:
    query = """select column_name, comment from duckdb_columns()
        where schema_name || '.' || table_name = ? order by column_index"""
    return dict(reader.rows(query, [table]))


def xref(reader: Warehouse, entity: str) -> dict[str, str]:
    """Record id -> master id."""
    return dict(reader.rows("select record_id, master_id from identity.xref where entity = ?", [entity]))


def test_the_grown_project_checks(grown: Grown) -> None:
    assert grown.checked.code == 0, grown.checked.text
    assert "11 sources, 3 entities" in grown.checked.text


def test_new_sources_are_conserved_whatever_their_format(grown: Grown) -> None:
    query = """select source, rows_read, validated, quarantined, unparsed from ops.sources
        where source in ('supplier_list', 'deliveries', 'support_tickets') order by source"""
    assert grown.first.rows(query) == [
        ("deliveries", 8, 8, 0, 0),
        ("supplier_list", 11, 11, 0, 0),
        ("support_tickets", 41, 40, 1, 0),
    ]
    query = "select record_id, code, status from quality.quarantine where source = 'support_tickets'"
    assert grown.first.rows(query) == [("support_tickets:T901", "bad_status", "open")]


def test_every_record_of_the_new_entity_has_one_master(grown: Grown) -> None:
    query = "select count(*), count(distinct record_id) from identity.xref where entity = 'supplier'"
    assert grown.first.rows(query) == [(19, 19)]
    found: dict[str, set[str]] = {}
    for record, master in xref(grown.first, "supplier").items():
        assert master.startswith("SUP-")
        found.setdefault(master, set()).add(record)
    several = [records for records in found.values() if len(records) > 1]
    assert sorted(map(sorted, several)) == sorted(map(sorted, TOGETHER))


def test_an_entity_without_select_is_published_as_survivorship_makes_it(grown: Grown) -> None:
    assert column_comments(grown.first, "master.supplier") == {
        "supplier_id": "the stable id of the supplier",
        "supplier_name": "the name to print",
        "vat_id": "VAT id",
        "phone": "how to reach them, from one record",
        "town": "how to reach them, from one record",
        "updated_at": "updated at (rule: most_recent)",
        "records": "how many records it was made of",
    }
    query = "select comment from duckdb_tables() where schema_name = 'master' and table_name = 'supplier'"
    assert str(grown.first.value(query)).startswith("One row is one supplier")
    query = "select supplier_name, vat_id, phone, town, records from master.supplier where supplier_id = ?"
    meyer = xref(grown.first, "supplier")["deliveries:D01"]
    # The newest record with a phone is the note D04; its number is the same.
    assert grown.first.rows(query, [meyer]) == [("Meyer Tools GmbH", "DE811907980", "+493055512340", "Berlin", 3)]


def test_an_entity_with_its_own_select_is_published_by_it(grown: Grown) -> None:
    assert column_comments(grown.second, "master.supplier") == {
        "supplier_id": "the stable id of the supplier",
        "supplier_name": "the name to print",
        "vat_id": "VAT id",
        "deliveries": "delivery notes in its name",
    }
    assert grown.second.value("select sum(deliveries) from master.supplier") == len(DELIVERIES)
    assert grown.second.count("master.supplier") == grown.first.count("master.supplier") == 11


def test_every_golden_value_has_its_provenance(grown: Grown) -> None:
    query = """select field, value, record_id, rule, losing_values from identity.provenance
        where entity = 'supplier' and master_id = ? and field in ('supplier_name', 'vat_id') order by field"""
    dubois = xref(grown.first, "supplier")["supplier_list:P003"]
    assert grown.first.rows(query, [dubois]) == [
        ("supplier_name", "Atelier Dubois SARL", "supplier_list:P003", "most_trusted", ["Atelier Dubois"]),
        ("vat_id", "FR40303265045", "supplier_list:P003", "most_frequent", []),
    ]
    query = """select count(*) from master.supplier left join identity.provenance
        on entity = 'supplier' and master_id = supplier_id and field = 'supplier_name'
        where value is distinct from supplier_name"""
    assert grown.first.value(query) == 0


def test_ids_last_and_growing_changes_nobody_elses(grown: Grown) -> None:
    assert xref(grown.second, "supplier") == xref(grown.first, "supplier")
    query = "select distinct event, run_date from identity.id_history where entity = 'supplier'"
    assert [(event, str(day)) for event, day in grown.second.rows(query)] == [("created", "2026-11-20")]
    for entity in ("customer", "address"):
        assert xref(grown.before, entity) == xref(grown.first, entity) == xref(grown.second, entity)


def test_a_new_issue_check_is_a_select_and_an_entry(grown: Grown) -> None:
    query = (
        "select code, name, severity, source, owner, rows from quality.issues where code in ('T01', 'U01') order by 1"
    )
    assert grown.first.rows(query) == [
        ("T01", "ticket_without_order", "warning", "support_tickets", "support", 1),
        ("U01", "supplier_not_listed", "warning", "deliveries", "warehouse", 1),
    ]
    query = (
        "select code, entity, key, master_id, order_id from quality.issue_rows where code in ('T01', 'U01') order by 1"
    )
    stranger = xref(grown.first, "supplier")["deliveries:D07"]
    assert grown.first.rows(query) == [
        ("T01", "customer", "T900", None, "O9999999"),
        ("U01", "supplier", "D07", stranger, None),
    ]
    query = "select rank is not null from quality.action_plan where code = 'T01'"
    assert grown.first.rows(query) == [(True,)]


def test_trace_masks_a_golden_field_as_the_column_it_is_taken_from(grown: Grown) -> None:
    answer = call("trace", "deliveries:D04", "--project", grown.project)
    assert answer.code == 0, answer.text
    assert "reach" in answer.text, "a field of its own name, taken from phone and town"
    assert "+493055512340" not in answer.text
    # The record is the fourth line of its file: that is what one looks for, and nobody's name.
    assert "line_number   4" in answer.text
    clear = call("trace", "deliveries:D04", "--project", grown.project, "--unmasked")
    assert "+493055512340" in clear.text


def test_a_project_of_one_source_and_nothing_else_is_published(tmp_path: Path) -> None:
    (tmp_path / "pipelines/sources").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    settings = {
        "name": "tickets",
        "title": "Tickets only",
        "run_date": "2026-11-20",
        "sources": ["support_tickets"],
        "owners": {"support": {"title": "Customer support"}},
    }
    (tmp_path / "pipelines/tickets.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    # Names that the engine's own SELECTs use too.
    names = ("name", "title", "source", "key", "code", "Größe in %", "select")
    contract = SOURCES["support_tickets"] + "".join(f"  {name}: {{title: also a name}}\n" for name in names)
    (tmp_path / "pipelines/sources/support_tickets.yml").write_text(contract, encoding="utf-8")
    values = ",".join(f"v{number}" for number in range(len(names)))
    tickets = ["T1,O1,open,2026-11-19", "T2,O2,open,yesterday", *["T3,O3,open,2026-11-20"] * 20]
    lines = [",".join(("ticket_id,order_id,status,opened_at", *names)), *(f"{ticket},{values}" for ticket in tickets)]
    (tmp_path / "data/support_tickets.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert call("check", "--project", tmp_path).code == 0
    answer = call("run", "--project", tmp_path)
    assert answer.code == 0, answer.text
    reader = published(tmp_path)
    try:
        assert reader.rows("select rows_read, validated, quarantined from ops.sources") == [(22, 21, 1)]
        query = "select record_id, code from quality.quarantine"
        assert reader.rows(query) == [("support_tickets:T2", "bad_opened_at")]
        assert reader.tables("master") == []
        assert reader.count("identity.xref") == 0
    finally:
        reader.close()


@pytest.fixture
def unchecked(grown: Grown, tmp_path: Path) -> Path:
    """A copy of the grown project's files, for a test to break."""
    for part in ("pipelines", "expectations"):
        shutil.copytree(grown.project / part, tmp_path / part)
    return tmp_path


def test_a_fault_in_a_new_select_is_named_with_its_file_and_line(unchecked: Path) -> None:
    path = unchecked / "pipelines/sql/standardized/supplier.sql"
    faulty = path.read_text(encoding="utf-8").replace("std_fold(town)", "std_flod(town)")
    path.write_text(faulty, encoding="utf-8")
    line = 1 + faulty[: faulty.index("std_flod")].count("\n")
    answer = call("check", "--project", unchecked)
    assert answer.code == 2
    assert f"{path}, line {line}: the SELECT for standardized.supplier failed" in answer.text
    assert "std_flod does not exist" in answer.text


def test_a_column_that_linkage_adds_is_refused(unchecked: Path) -> None:
    path = unchecked / "pipelines/sql/standardized/supplier.sql"
    select = path.read_text(encoding="utf-8")
    path.write_text(select.replace("source_key,", "source_key,\n    source_key as supplier_id,", 1), encoding="utf-8")
    answer = call("check", "--project", unchecked)
    assert answer.code == 2
    assert f"{path}: the column supplier_id is added by linkage" in answer.text
