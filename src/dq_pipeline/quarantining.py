"""The quarantine for people: its ledger, one row of it, releases, and what the rules of now say of the rows kept out.

Every night judges every row of the extracts by the rules in force, so a row that was repaired leaves by itself and
nothing is ever put back by hand. `release` is a line in a reviewed file that the next run applies; `replay` is that
judgement made at once and only shown. So both can be repeated, and no row can come to be there twice.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from dq_pipeline import archive
from dq_pipeline.config import Project, Source
from dq_pipeline.errors import ConfigError
from dq_pipeline.quality.checker import Checker
from dq_pipeline.quality.quarantine import validate_source
from dq_pipeline.quality.releases import Release, append_releases, read_releases
from dq_pipeline.quality.suites import load_suite
from dq_pipeline.scorecard.masking import is_personal, mask_value
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.warehouse import Warehouse, literal, quoted

STATUSES = ("open", "released", "repaired", "gone")
_NO_RUN = "run `dq run` first"


@dataclass(frozen=True)
class Outcome:
    """What the rules of now say of a record: `before` and `now` are the codes that kept, and would keep, it out."""

    source: str
    record_id: str
    status: str
    before: tuple[str, ...]
    now: tuple[str, ...]
    verdict: str


@contextmanager
def _ledger_file(project: Project) -> Iterator[tuple[Warehouse, str]]:
    """The newest ledger, opened, and its table: of the last attempt where it got so far, else of the published file."""
    with archive.lock(project.output):
        attempts = archive.manifests(project.output)
        published = archive.published_file(project.output)
        if attempts and "score" in {stage["stage"] for stage in attempts[-1]["stages"]}:
            warehouse, table = Warehouse(archive.working_file(project.output), read_only=True), "scored.quarantine"
        elif published:
            warehouse, table = Warehouse(published, read_only=True), "quality.quarantine"
        else:
            raise ConfigError("no run got so far that there is a quarantine", remedy=_NO_RUN)
        try:
            if "owner" not in warehouse.columns(table):
                raise ConfigError("an older version made the last run", remedy=_NO_RUN)
            yield warehouse, table
        finally:
            warehouse.close()


def entries(project: Project, source: str | None = None, status: str | None = None) -> list[dict[str, Any]]:
    """The ledger, the longest open first, without the rows' content. Raises ConfigError."""
    if source:
        project.source(source)
    with _ledger_file(project) as (warehouse, table):
        return warehouse.records(
            f"""select source, record_id, code, "column", reason, owner, status, first_seen, since, last_seen, age_days,
                returns, released_by, released_at, release_reason
            from {table} where source = coalesce(?, source) and status = coalesce(?, status)
            order by age_days desc, source, record_id, code, "column", reason""",
            [source, status],
        )


def show(project: Project, record_id: str, *, unmasked: bool = False) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The ledger's lines on a record, and the row as it was when it failed, personal values masked."""
    found = _lines(project, record_id)
    raw: dict[str, Any] = json.loads(found[0]["raw"] or "{}")
    personal = project.personal_columns()
    shown = {
        name: mask_value(name, value, personal) if not unmasked and is_personal(name, personal) else value
        for name, value in raw.items()
    }
    return [{name: value for name, value in line.items() if name != "raw"} for line in found], shown


def _lines(project: Project, record_id: str) -> list[dict[str, Any]]:
    with _ledger_file(project) as (warehouse, table):
        found = warehouse.records(f'select * from {table} where record_id = ? order by code, "column"', [record_id])
    if not found:
        raise ConfigError(f"the quarantine knows no record {record_id!r}", remedy="see `dq quarantine list`")
    return found


# --- release ---------------------------------------------------------------------------------------------------------


def release(
    project: Project, record_ids: Sequence[str], reason: str, released_by: str, codes: Sequence[str] = ()
) -> list[Release]:
    """Write releases of rows as they are tonight, from all that keeps them out or from `codes`; what was new.

    All or nothing: raises ConfigError for a record that is not kept out, or that has no key of its own.
    """
    if not reason.strip() or not released_by.strip():
        raise ConfigError("a release says why and by whom", remedy="give --reason and --by")
    today = datetime.now(UTC).date().isoformat()
    wanted = [
        one
        for record_id in dict.fromkeys(record_ids)
        for one in _wanted(project, record_id, codes, reason, released_by)
    ]
    new: list[Release] = []
    for source in dict.fromkeys(one.record_id.partition(":")[0] for one in wanted):
        path = project.releases_path(source)
        known = {astuple(one)[:5] for one in read_releases(path)}
        mine = [one for one in wanted if one.record_id.startswith(f"{source}:") and astuple(one)[:5] not in known]
        new += [replace(one, released_at=today) for one in mine]
        append_releases(path, [one for one in new if one.record_id.startswith(f"{source}:")])
    return new


def _wanted(project: Project, record_id: str, codes: Sequence[str], reason: str, released_by: str) -> Iterator[Release]:
    lines = _lines(project, record_id)
    kept_out = [line for line in lines if line["status"] == "open" and (not codes or line["code"] in codes)]
    if not kept_out:
        told = ", ".join(f"{line['code']} is {line['status']}" for line in lines)
        raise ConfigError(f"{record_id} is not kept out for that: {told}", remedy="see `dq quarantine show`")
    for line in kept_out:
        project.source(line["source"])
        if line["source_key"] is None or record_id != f"{line['source']}:{line['source_key']}":
            raise ConfigError(
                f"{record_id} has no key of its own ({line['code']}): it cannot be told from another row",
                remedy=f"ask {line['owner']} to repair it at the source",
            )
        fingerprint = hashlib.md5(str(line["raw"]).encode(), usedforsecurity=False).hexdigest()
        column = line["column"] or ""
        said = (line["code"], line["expectation"], column, " ".join(reason.split()), released_by.strip(), "")
        yield Release(record_id, fingerprint, *said)


# --- replay ----------------------------------------------------------------------------------------------------------


def replay(project: Project, source: str | None = None) -> list[Outcome]:
    """Put the rows of the ledger that are open or gone through the contracts, suites and releases of now.

    Beside all other rows of the last run, in a scratch database that is thrown away: nothing is written. A row that
    its source does not deliver any more is judged as it was, and never let in: what exists is for the source to say.
    """
    if source:
        project.source(source)
    manifest = archive.last_attempt(project.output)
    with tempfile.TemporaryDirectory() as folder, _ledger_file(project) as (kept, table):
        wanted = kept.records(
            f"""select source, record_id, any_value(source_key) as source_key, any_value(raw) as raw,
                max(status) as status, list_sort(list(distinct code)) as codes
            from {table} where status in ('open', 'gone') and source = coalesce(?, source)
            group by source, record_id order by source, record_id""",
            [source],
        )
        scratch = Warehouse(Path(folder) / "replay.duckdb", memory_limit=project.settings.resources.memory_limit)
        try:
            load_macros(scratch)
            set_run_values(scratch, manifest["run_id"], date.fromisoformat(manifest["run_date"]))
            _judge(scratch, kept, project, wanted, date.fromisoformat(manifest["run_date"]))
            return [_outcome(scratch, one) for one in wanted if one["source"] in {s.name for s in project.sources}]
        finally:
            scratch.close()


def _judge(
    scratch: Warehouse, kept: Warehouse, project: Project, wanted: Sequence[dict[str, Any]], run_date: date
) -> None:
    """Validate the last run's rows, with those that are gone beside them, by the files of now."""
    working = archive.working_file(project.output)
    if kept.path == working:
        kept.close()  # one process opens a file once: the scratch database reads it instead
    scratch.attach(working, "last_run")
    with Checker(scratch, run_date) as checker:
        for source in project.sources:
            if scratch.bind(f"select * from last_run.raw.{source.name}"):
                message = f"the last run did not land {source.name}"
                raise ConfigError(message, remedy="run `dq run --until validate` first")
            scratch.build(f"raw.{source.name}", f"select * from last_run.raw.{source.name}")
            _add_gone(scratch, source, [one for one in wanted if one["source"] == source.name])
            path = project.suite_path("raw", source.name)
            suite = load_suite(path, scratch.columns(f"raw.{source.name}")) if path.exists() else None
            releases = read_releases(project.releases_path(source.name))
            for result in validate_source(scratch, checker, source, suite, releases):
                if result.error:
                    raise ConfigError(
                        f"{result.expectation} could not run: {result.error}", where=path, remedy="correct it first"
                    )
    scratch.detach("last_run")


def _add_gone(scratch: Warehouse, source: Source, wanted: Sequence[dict[str, Any]]) -> None:
    """Rows of the ledger that the last run did not find, from their content; a key that is taken again is a repeat."""
    table, columns = f"raw.{source.name}", ", ".join(quoted(name) for name in source.columns)
    # The ledger says what a row held; a path in JSON names a column in quotes.
    values = ", ".join(f"json_extract_string(content, {literal(f'$.{quoted(name)}')})" for name in source.columns)
    for one in wanted:
        if one["status"] != "gone" or not one["raw"]:
            continue
        scratch.execute(
            f"""insert into {table} ({columns}, record_id, source_key, repeat_no, source_file)
            select {values}, $1, $2,
                1 + cast(coalesce($2 in (select known.source_key from {table} as known), false) as integer), 'ledger'
            from (select cast($3 as json) as content)
            where not exists (select 1 from {table} as known where known.record_id = $1)""",
            [one["record_id"], one["source_key"], one["raw"]],
        )


def _outcome(scratch: Warehouse, one: dict[str, Any]) -> Outcome:
    query = "select list_sort(list(distinct code)) from quarantined.{} where source = $1 and record_id = $2{}"
    where = [one["source"], one["record_id"]]
    now = scratch.value(query.format("findings", " and severity = 'critical'"), where) or []
    let_pass = scratch.value(query.format("released_findings", ""), where)
    verdict = "kept out" if now else "released" if let_pass else "passes"
    return Outcome(one["source"], one["record_id"], one["status"], tuple(one["codes"]), tuple(now), verdict)
