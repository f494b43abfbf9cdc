"""`dq erase`: a person taken out of everything that runs wrote."""

import getpass
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from dq_pipeline.cli.base import dq, err, out, project_option
from dq_pipeline.errors import ConfigError


@dq.command()
@project_option
@click.argument("master_ids", nargs=-1, metavar="[MASTER_ID]...")
@click.option("--where", metavar="SQL", help="Everybody of whom this condition on master.customer is true.")
@click.option("--reason", help="Why, for the certificate: the number of the request, never a name.")
@click.option("--by", "erased_by", default=None, help="Who erases; the user of this computer if left out.")
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--resume", is_flag=True, help="Finish an erasure that was interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Print what would go, or the certificate, as JSON.")
def erase(
    project_path: Path,
    master_ids: tuple[str, ...],
    where: str | None,
    reason: str | None,
    erased_by: str | None,
    dry_run: bool,
    yes: bool,
    resume: bool,
    as_json: bool,
) -> None:
    """Erase people from every file that runs wrote, and keep them away.

    From the published file and those of all earlier runs, snapshots, quarantine, judgements, caches, reports and logs.
    Orders and parcels stay for the totals, without the person. It cannot be undone. A certificate says what was done,
    and hashes in pipelines/suppressions.csv see to it that no extract brings the person back.

    \b
    Examples:
      dq erase CUS-6FA9A524FC6AB0D5 --dry-run
      dq erase CUS-6FA9A524FC6AB0D5 --reason "request 2026-118"
      dq erase --where "status = 'inactive' and updated_at < date '2016-01-01'" --reason "retention" --yes
      dq erase --resume
    """
    from dq_pipeline.config import load_project
    from dq_pipeline.erasing import erase as erase_people
    from dq_pipeline.erasing import find_people, preview, resume_erasure

    project = load_project(project_path)
    if resume:
        if master_ids or where is not None:
            raise ConfigError("--resume goes on with the people it was about", remedy="leave ids and --where out")
        _tell(resume_erasure(project), as_json)
        return
    if not master_ids and where is None:
        raise ConfigError("nobody is named", remedy="give a master id (`dq lookup` finds it) or --where")
    if not dry_run and (reason is None or not reason.strip()):
        raise ConfigError("an erasure has a reason", remedy="give --reason with the number of the request")
    if as_json and not (yes or dry_run):
        raise ConfigError("with --json nobody is asked", remedy="add --yes, or --dry-run to see what would go")
    masters = find_people(project, master_ids, where)
    if dry_run or not yes:
        _print_preview(preview(project, masters), as_json)
    if dry_run:
        return
    if not yes:
        click.confirm("Erase? It cannot be undone", abort=True, err=True)
    _tell(erase_people(project, masters, str(reason).strip(), erased_by or getpass.getuser()), as_json)


def _print_preview(found: Any, as_json: bool) -> None:
    if as_json:
        document = {"masters": list(found.masters), "rows": found.rows, "files": [asdict(one) for one in found.files]}
        out.print_json(json.dumps(document))
        return
    out.print(f"people: {', '.join(found.masters)}")
    for source, rows in found.rows.items():
        out.print(f"  {source}: {rows:,} rows")
    for entry in found.files:
        places = f" ({entry.places:,})" if entry.places else ""
        out.print(f"  {entry.action:<10} {escape(entry.file)}{places}")


def _tell(certificate: Path, as_json: bool) -> None:
    if as_json:
        out.print_json(certificate.with_suffix(".json").read_text(encoding="utf-8"))
        return
    out.print(f"erased; certificate: {escape(str(certificate))}")
    still = json.loads(certificate.with_suffix(".json").read_text(encoding="utf-8"))["still_named_in"]
    for name in still:
        err.print(f"[bold yellow]still named in[/bold yellow] {escape(name)}")
