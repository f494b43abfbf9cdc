"""python -m bench.lookup: how long `dq lookup` takes, for each way of asking, in one process and as a whole command.

The published file is that of a `dq run` on generated extracts, which is not measured, or the one that is named. What is
asked is taken from the file itself: the same questions each time.
"""

import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import duckdb

from bench.measure import measure
from bench.project import ROOT, make_extracts, make_project

_PERSON = "from master.customer where customer_type = 'person' and length(first_name) > 1 and length(last_name) > 4"
_COMMONEST = "group by all order by count(*) desc, 1"
# Way of asking -> SELECT of texts from a published file of the sample project, in a fixed order that is no order.
QUESTIONS = {
    "full name": f"select display_name {_PERSON} order by md5(customer_id)",
    "name, other order": f"select last_name || ' ' || first_name {_PERSON} order by md5(customer_id)",
    "name, two letters swapped": f"""select first_name || ' ' || last_name[1:2] || last_name[4] || last_name[3]
        || last_name[5:] {_PERSON} order by md5(customer_id)""",
    "surname with a wrong letter": f"""select first_name || ' ' || last_name[1] || 'x' || last_name[3:]
        {_PERSON} order by md5(customer_id)""",
    "name and town": """select display_name || ' ' || city from master.customer join master.address using (address_id)
        where customer_type = 'person' order by md5(customer_id)""",
    "organization": """select display_name from master.customer where customer_type = 'organization'
        order by md5(customer_id)""",
    "commonest surnames alone": f"select last_name {_PERSON} {_COMMONEST}",
    "commonest first names alone": f"select first_name {_PERSON} {_COMMONEST}",
    "commonest full names": f"select display_name {_PERSON} {_COMMONEST}",
    "e-mail": "select email from master.customer where email is not null order by md5(customer_id)",
    "e-mail misspelt": """select replace(email, '.com', '.con') from master.customer where email like '%.com'
        order by md5(customer_id)""",
    "phone": "select phone from master.customer where phone is not null order by md5(customer_id)",
    "address": """select concat_ws(', ', line1, city, state) from master.address where line1 is not null
        order by md5(address_id)""",
    "customer id": "select master_id from identity.redirects where entity = 'customer' order by md5(master_id)",
    "account": """select source_key from identity.xref where entity = 'customer' and source = 'crm_customers'
        order by md5(record_id)""",
    "order": "select order_id from master.orders order by md5(order_id)",
    "tracking number": """select tracking_number from master.shipments where tracking_number is not null
        order by md5(shipment_id)""",
    "nothing there": """select 'Zyx' || md5(customer_id)[1:6] || ' Qwv' || md5(customer_id)[7:12] from master.customer
        order by md5(customer_id)""",
}


def questions(published: Path, each: int) -> dict[str, list[str]]:
    """So many texts for each way of asking."""
    with duckdb.connect(str(published), read_only=True) as connection:
        return {
            way: [str(row[0]) for row in connection.execute(f"{select} limit {each}").fetchall()]
            for way, select in QUESTIONS.items()
        }


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and the most, in milliseconds."""
    ranked = sorted(seconds)
    return {
        "median_ms": round(1000 * statistics.median(ranked), 1),
        "p95_ms": round(1000 * ranked[math.ceil(0.95 * len(ranked)) - 1], 1),
        "most_ms": round(1000 * ranked[-1], 1),
        "asked": len(ranked),
    }


def measure_searches(folder: Path, published: Path, each: int) -> dict[str, Any]:
    """Start-up, then every question in this process; how many of them found somebody."""
    began = time.perf_counter()
    from dq_pipeline.config import load_project
    from dq_pipeline.lookup import Search

    project = load_project(folder)
    imported = time.perf_counter()
    with Search(project, published) as search:
        opened = time.perf_counter()
        ways = {}
        taken: list[float] = []
        for way, texts in questions(published, each).items():
            seconds, found = [], 0
            for text in texts:
                start = time.perf_counter()
                answer = search.find(text[:400])
                seconds.append(time.perf_counter() - start)
                found += bool(answer.candidates)
            if seconds:
                ways[way] = spread(seconds) | {"found": found}
                taken += seconds
    start_up = {"import_ms": round(1000 * (imported - began), 1), "open_ms": round(1000 * (opened - imported), 1)}
    return {"start_up": start_up, "ways": ways, "all": spread(taken)}


def measure_commands(folder: Path, published: Path, times: int) -> dict[str, float]:
    """The whole command from the start of its process to its end."""
    text = questions(published, times)["full name"]
    seconds = []
    for one in text:
        done = measure([sys.executable, "-m", "dq_pipeline", "lookup", one], folder)
        if done.exit_code:
            raise click.ClickException(f"dq lookup ended with {done.exit_code}:\n{done.output}")
        seconds.append(done.seconds)
    return spread(seconds)


def project_on(folder: Path, published: Path) -> None:
    """The sample project in `folder`, with `published` as what its last night published; its file is only named."""
    shutil.copytree(ROOT / "pipelines", folder / "pipelines")
    (folder / "output" / "published").mkdir(parents=True)
    (folder / "output" / "published" / "truth.duckdb").symlink_to(published)


def sizes(published: Path) -> dict[str, int]:
    """Customers, keys and bytes of a published file."""
    with duckdb.connect(str(published), read_only=True) as connection:
        counts = [
            int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])
            for table in ("identity.lookup_cards", "identity.lookup_keys")
        ]
    return {"customers": counts[0], "keys": counts[1], "bytes": published.stat().st_size}


def describe(figures: dict[str, Any]) -> str:
    """The figures as text."""
    size, start = figures["sizes"], figures["start_up"]
    lines = [
        f"{size['customers']:,} customers, {size['keys']:,} keys, {size['bytes'] / 1e6:,.0f} MB published",
        f"start-up: program {start['import_ms']:,.0f} ms, file and macros {start['open_ms']:,.0f} ms",
        f"{'':<32} {'median':>9} {'p95':>9} {'most':>9} {'found':>12}",
    ]
    rows = [*figures["ways"].items(), ("all of these", figures["all"]), ("whole command", figures["command"])]
    for way, one in rows:
        found = f"{one['found']} of {one['asked']}" if "found" in one else ""
        lines.append(
            f"{way:<32} {one['median_ms']:>6,.0f} ms {one['p95_ms']:>6,.0f} ms {one['most_ms']:>6,.0f} ms {found:>12}"
        )
    return "\n".join(lines)


@click.command()
@click.option("--customers", type=click.IntRange(min=100), default=10_000, show_default=True, help="CRM customers.")
@click.option(
    "--published",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Measure on this published file of the sample project; nothing is generated or run.",
)
@click.option("--each", type=click.IntRange(min=1), default=50, show_default=True, help="Questions of each kind.")
@click.option("--commands", type=click.IntRange(min=1), default=10, show_default=True, help="Whole commands.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Work here and leave it behind.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(customers: int, published: Path | None, each: int, commands: int, keep: Path | None, as_json: bool) -> None:
    """Measure `dq lookup`: each way of asking in one process after start-up, and the command as a whole.

    Figures are printed; none is asserted.
    """
    folder = keep.resolve() if keep else Path(tempfile.mkdtemp(prefix="dq-bench-lookup-"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        work = folder / "lookup-project"
        shutil.rmtree(work, ignore_errors=True)
        if published is None:
            extracts = folder / f"extracts-{customers}-parquet"
            make_extracts(extracts, customers, "parquet")
            make_project(work, extracts, "parquet")
            command = [sys.executable, "-m", "dq_pipeline", "run", "--quiet", "--project", str(work)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            published = work / "output" / "published" / "truth.duckdb"
        else:
            project_on(work, published.resolve())
        file = published.resolve()
        figures = {"sizes": sizes(file), **measure_searches(work, file, each)}
        figures["command"] = measure_commands(work, file, commands)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    click.echo(json.dumps(figures, indent=2) if as_json else describe(figures))


if __name__ == "__main__":
    main()
