"""The smallest project of which a night still does everything: two sources, addresses parsed, two entities linked.

A night of it takes a second or two, so that hundreds can be killed and repeated.
"""

import csv
import json
from datetime import date, timedelta
from pathlib import Path

FIRST_NIGHT = date(2026, 11, 19)
_FIRST = ("Ana", "Benedikt", "Carla", "Dimitri", "Esther", "Florian", "Giulia", "Hamza", "Ingrid", "Joaquin")
_LAST = ("Abernathy", "Brightwater", "Castellano", "Dunleavy", "Eichhorn", "Fotheringay", "Guimaraes")
_STREETS = ("Oak Street", "Mill Road", "Harbor Avenue", "Chestnut Lane", "Station Drive")
_PEOPLE = 24

_PROJECT = """
name: small
title: A small project
paths: {data: data, output: output, expectations: expectations}
sources: [crm, shop]
entities: [address, customer]
gates: {unparsed_lines: 0, id_churn: 1.0, volume_drop: 1.0, records_lost: 1.0}
resources: {threads: 1, memory_limit: 1GB}
owners: {data: {title: Owner of the data}}
"""
_CRM = """
name: crm
title: Accounts
owner: data
touchpoint: web
location: {path: crm.csv}
key: [customer_id]
columns:
  customer_id: {title: number of the account}
  name: {title: name, personal: true}
  email: {title: e-mail, personal: true}
  address: {title: address, personal: true}
  updated_at: {type: timestamp, title: when it was last changed}
"""
_SHOP = """
name: shop
title: Orders
owner: data
touchpoint: web
location: {path: shop.jsonl}
format: {type: jsonl}
key: [order_id]
columns:
  order_id: {title: number of the order}
  buyer: {title: name, personal: true}
  email: {title: e-mail, personal: true}
  ordered_at: {type: timestamp, title: when it was ordered}
"""
_ADDRESS = """
name: address
title: Address
id_prefix: ADR
sources: [crm]
parser: {kind: us_address}
linkage:
  blocking: [[address_key]]
  comparisons:
    - {name: place, columns: [address_key], strong: true, levels: [{label: same, sql: address_key_l = address_key_r}]}
    - {name: town, columns: [city_key], levels: [{label: same, sql: city_key_l = city_key_r}]}
  training: {prior_rules: [[address_key]]}
golden: {trust: [crm], fields: [{name: address_text, title: the address}]}
"""
_CUSTOMER = """
name: customer
title: Customer
id_prefix: CUS
sources: [crm, shop]
evidence: [{entity: address, column: address_id}]
linkage:
  deterministic: [{name: same_email, key: [email_key]}]
  blocking: [[email_key], [name_key]]
  comparisons:
    - {name: name, columns: [name_key], term_frequency: name_key, levels: [{label: same, sql: name_key_l = name_key_r}]}
    - {name: email, columns: [email_key], strong: true, levels: [{label: same, sql: email_key_l = email_key_r}]}
  shield: {odds: 4}
  training: {prior_rules: [[email_key]]}
golden:
  trust: [crm, shop]
  fields:
    - {name: full_name, rule: most_trusted, title: the name to print}
    - {name: email, title: e-mail}
    - {name: updated_at, rule: most_recent, title: when it was last changed}
unique_in: [crm]
personal: [full_name, email]
"""
_SELECTS = {
    "crm__address": """
-- One row is the address of one account.
select
    record_id,
    'crm' as source,
    source_key,
    address as address_text,
    updated_at
from validated.crm
""",
    "address": """
-- One row is one record of an address.
select
    conformed.record_id,
    conformed.source,
    conformed.source_key,
    conformed.address_text,
    std_fold(concat_ws(' ', parsed.number, parsed.street, parsed.street_type, parsed.postal_code)) as address_key,
    std_fold(parsed.city) as city_key,
    conformed.updated_at
from standardized.address_conformed as conformed
left join standardized.address_parsed as parsed
    on parsed.address_text = conformed.address_text
""",
    "crm__customer": """
-- One row is one account.
select
    record_id,
    'crm' as source,
    source_key,
    name,
    email,
    updated_at
from validated.crm
""",
    "shop__customer": """
-- One row is the buyer of one order.
select
    record_id,
    'shop' as source,
    source_key,
    buyer as name,
    email,
    ordered_at as updated_at
from validated.shop
""",
    "customer": """
-- One row is one record of a customer.
select
    record_id,
    source,
    source_key,
    std_display_name(name) as full_name,
    std_fold(name) as name_key,
    std_email(email) as email,
    std_email_key(email) as email_key,
    updated_at
from standardized.customer_conformed
""",
}
_SUITE = {
    "name": "crm",
    "expectations": [
        {
            "type": "expect_column_values_to_not_be_null",
            "kwargs": {"column": "email"},
            "meta": {"code": "no_email", "dimension": "completeness", "owner": "data"},
            "severity": "critical",
            "description": "every account has an e-mail",
        }
    ],
    "meta": {"great_expectations_version": "1.24.1"},
}


def make_project(folder: Path) -> Path:
    """The project's files in `folder`, without extracts."""
    texts = {
        "pipelines/small.yml": _PROJECT,
        "pipelines/sources/crm.yml": _CRM,
        "pipelines/sources/shop.yml": _SHOP,
        "pipelines/entities/address.yml": _ADDRESS,
        "pipelines/entities/customer.yml": _CUSTOMER,
        "pipelines/judgements/customer.csv": "record_id_l,record_id_r,judgement,decided_by,decided_at,why\n",
        "expectations/raw/crm.json": json.dumps(_SUITE),
    }
    texts |= {f"pipelines/sql/standardized/{name}.sql": select for name, select in _SELECTS.items()}
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")
    (folder / "data").mkdir()
    return folder


def night(number: int) -> date:
    """The date of the night of that number, from 0."""
    return FIRST_NIGHT + timedelta(days=number)


def deliver(project: Path, number: int) -> None:
    """The extracts of that night: every night some accounts come, go and change, and one is in quarantine."""
    accounts, orders = [], []
    for person in range(number, number + _PEOPLE):
        name = f"{_FIRST[person % 10]} {_LAST[person % 7]}"
        email = f"{name.replace(' ', '.').lower()}{person}@tideline.net"
        moved = person % 5 == number % 5
        place = f"{100 + person + moved} {_STREETS[person % 5]}, Springfield, IL 627{person % 90:02}"
        blank = person == number + 3
        accounts.append((f"C{person:04}", name, "" if blank else email, place, f"{night(number)} 08:00:00"))
        if person % 2:
            order = {"order_id": f"O{person:04}", "buyer": name.upper(), "email": email}
            orders.append(order | {"ordered_at": f"{night(number)} 09:30:00"})
    with (project / "data/crm.csv").open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow(("customer_id", "name", "email", "address", "updated_at"))
        lines.writerows(accounts)
    (project / "data/shop.jsonl").write_text("".join(f"{json.dumps(order)}\n" for order in orders), encoding="utf-8")
