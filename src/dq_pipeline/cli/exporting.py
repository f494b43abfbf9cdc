"""`dq export`: tables of the published file as Parquet, CSV or Excel."""

import json
from pathlib import Path

import click
from rich.markup import escape

from dq_pipeline.cli.base import dq, err, out, project_option, waiting

# As dq_pipeline.exporting has them; that module is not imported before it is needed.
FORMATS = ("parquet", "csv", "xlsx")
SCHEMAS = ("master", "identity", "quality", "ops")


@dq.command()
@project_option
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@click.option("--format", "form", type=click.Choice(FORMATS), default="parquet", show_default=True, help="The files.")
@click.option("--schema", "schemas", type=click.Choice(SCHEMAS), multiple=True, help="All of a schema; repeatable.")
@click.option("--to", type=click.Path(path_type=Path), help="The folder; output/exports/RUN_ID/FORMAT if left out.")
@click.option("--force", is_flag=True, help="Replace an export that is there already.")
@click.option("--list", "as_list", is_flag=True, help="Name the tables that there are, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def export(
    project_path: Path,
    tables: tuple[str, ...],
    form: str,
    schemas: tuple[str, ...],
    to: Path | None,
    force: bool,
    as_list: bool,
    as_json: bool,
) -> None:
    """Write published tables and views as Parquet, CSV or Excel files.

    TABLE is a name as `master.customer_360` or `customer_360`; without any, all of the schema master is written.
    Either all files are written or none. In CSV and Excel a text that a spreadsheet would take for a formula begins
    with an apostrophe, and lists are JSON.

    The files hold personal data in clear: only you can read them. Delete them when they are used.

    \b
    Examples:
      dq export --format csv
      dq export --format xlsx customer_360 action_plan
      dq export --schema quality --to monday
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.exporting import export as write
    from dq_pipeline.exporting import listed

    project = load_project(project_path)
    if as_list and as_json:
        out.print_json(json.dumps([{"table": table, "rows": rows} for table, rows in listed(project)]))
        return
    if as_list:
        for table, rows in listed(project):
            out.print(f"{table:<32} {rows:>12,} rows")
        return
    with waiting("writing the files"):
        written = write(project, tables, schemas=schemas, form=form, to=to, force=force)
    if as_json:
        out.print_json(json.dumps([{"table": one.table, "file": str(one.path), "rows": one.rows} for one in written]))
        return
    for one in written:
        out.print(f"{one.table:<32} {one.rows:>12,} rows")
    count = "1 file" if len(written) == 1 else f"{len(written):,} files"
    out.print(f"{count} in {escape(str(written[0].path.parent))}")
    err.print("They hold personal data in clear; only you can read them.")
