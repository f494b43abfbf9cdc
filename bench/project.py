"""A fresh copy of the sample project with extracts of a chosen size, and the same customers for the yardstick."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

from bench.plain_splink import COLUMNS

ROOT = Path(__file__).parents[1]
ORDERS_A_CUSTOMER = 2
# The sample's own limits are for its 3,000 customers; the best of a million has thousands of orders, and many
# more rows are planted to be kept out or found.
LIMITS = dict.fromkeys(("largest_cluster", "quarantine_rows_in_all", "critical", "S06"), 1_000_000)


def make_extracts(folder: Path, customers: int, form: str) -> None:
    """Generate the extracts of so many customers, unless they are there already (kept by a call before)."""
    if (folder / "truth" / f"planted.{form}").exists():
        return
    command = [sys.executable, "-m", "tools.sample", "--customers", str(customers), "--format", form]
    command += ["--orders", str(ORDERS_A_CUSTOMER * customers), "--out", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def make_project(folder: Path, extracts: Path, form: str) -> None:
    """The sample project with its models, suites and gates, on these extracts, with nothing published yet."""
    for part in ("pipelines", "expectations"):
        shutil.copytree(ROOT / part, folder / part)
    settings = folder / "pipelines" / "nightly.yml"
    text = settings.read_text(encoding="utf-8")
    for gate, limit in LIMITS.items():
        text = re.sub(rf"\b{gate}: \d+", f"{gate}: {limit}", text)
    settings.write_text(re.sub(r"data: \S+", f"data: {extracts.resolve()}", text), encoding="utf-8")
    if form == "csv":
        return
    for path in (folder / "pipelines" / "sources").glob("*.yml"):
        text = path.read_text(encoding="utf-8").replace(".csv}", f".{form}}}")
        path.write_text(f"{text}\nformat: {{type: {form}}}\n", encoding="utf-8")


def write_customers(extracts: Path, form: str, target: Path) -> int:
    """The CRM's customers for the plain script, every row under a number of its own; returns how many."""
    read = "read_csv" if form == "csv" else "read_parquet"
    options = ", header = true, all_varchar = true" if form == "csv" else ""
    with duckdb.connect() as connection:
        connection.execute(
            f"""copy (
                select row_number() over () as record_id, * from {read}('{extracts}/crm_customers.{form}'{options})
            ) to '{target}' (format parquet)"""
        )
        return int(connection.execute(f"select count(*) from '{target}'").fetchall()[0][0])


def write_conformed(project_folder: Path, entity: str, target: Path) -> None:
    """The records of all sources for the plain script: the columns of the last run before anything is cleaned."""
    wanted = ("record_id", *(name for name in COLUMNS if name != "date_of_birth"), "birth_date as date_of_birth")
    with duckdb.connect(str(project_folder / "output" / "working.duckdb"), read_only=True) as connection:
        table = f"standardized.{entity}_conformed"
        have = {row[0] for row in connection.execute(f"describe {table}").fetchall()}
        listed = ", ".join(name for name in wanted if name.split()[0] in have)
        connection.execute(f"copy (select {listed} from {table}) to '{target}' (format parquet)")


def write_truth(source: Path, table: Path, target: Path) -> None:
    """Those lines of a truth file whose record is in `table` (as `write_conformed` makes it)."""
    with duckdb.connect() as connection:
        connection.execute(
            f"""copy (
                select * from read_csv('{source}', header = true, all_varchar = true)
                where record_id in (select record_id from read_parquet('{table}')) order by record_id
            ) to '{target}' (format csv, header)"""
        )
