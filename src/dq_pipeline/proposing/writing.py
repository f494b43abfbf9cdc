"""A proposal as a project: project file, contracts, SQL, suites, the entity, and the extracts beside them."""

import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from dq_pipeline.errors import ConfigError
from dq_pipeline.extracts.plain import PACKED
from dq_pipeline.proposing.lookups import SETTINGS as LOOKUP_SETTINGS
from dq_pipeline.proposing.lookups import lookup_card, lookup_files
from dq_pipeline.proposing.proposal import SourceProposal
from dq_pipeline.proposing.selects import mastered_customer, source_select
from dq_pipeline.proposing.suites import mastered_suite, source_suite
from dq_pipeline.proposing.templates import adapt_customer_select, adapt_entity, adapt_household

PARTS = ("pipelines", "expectations", "data")


def write_project(folder: Path, proposals: Sequence[SourceProposal], sample: Path, *, link: bool = False) -> list[Path]:
    """Write the project of one entity into `folder` and return what was made at its top.

    `sample` is the sample project, of which the entity, its SELECT and the lookups are taken. The extracts are copied
    to `data`, or with `link` named by their absolute path. Raises ConfigError where something would be overwritten.
    """
    entity = proposals[0].entity
    texts = _texts(entity, proposals, sample, link)
    check_free(folder)
    try:
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name != "README.md" or not path.exists():
                path.write_text(text, encoding="utf-8")
        (folder / "pipelines/models").mkdir()
        (folder / "data").mkdir()
        shutil.copytree(sample / "pipelines/lookups", folder / "pipelines/lookups")
        for proposal in () if link else proposals:
            shutil.copyfile(proposal.extract.wanted.path, folder / "data" / _file_name(proposal))
    except OSError as error:
        raise ConfigError(f"the project cannot be made: {error}", where=folder, remedy="name another folder") from error
    return [folder / part for part in PARTS]


def check_free(folder: Path) -> None:
    """Raise ConfigError where a project in `folder` would overwrite something."""
    taken = [folder / part for part in PARTS if (folder / part).exists()]
    if taken:
        raise ConfigError(f"{taken[0].name} is there already", where=folder, remedy="name a new folder")


def _texts(entity: str, proposals: Sequence[SourceProposal], sample: Path, link: bool) -> dict[str, str]:
    """Path within the project -> text, made before anything is written."""
    pipelines = sample / "pipelines"
    names = [proposal.name for proposal in proposals]
    mastered = _mastered(entity, proposals, pipelines / "sql/mastered")
    select = _read(pipelines / f"sql/standardized/{entity}.sql")
    texts = {
        "pipelines/nightly.yml": _settings(entity, proposals, list(mastered)),
        f"pipelines/entities/{entity}.yml": adapt_entity(_read(pipelines / f"entities/{entity}.yml"), entity, names),
        f"pipelines/sql/standardized/{entity}.sql": adapt_customer_select(select) if entity == "customer" else select,
        f"pipelines/judgements/{entity}.csv": _read(pipelines / "judgements/customer.csv").splitlines()[0] + "\n",
        "README.md": _readme(entity, proposals),
    }
    for table, text in mastered.items():
        key = "customer_id" if table == "household_member" else f"{table}_id"
        texts[f"pipelines/sql/mastered/{table}.sql"] = text
        texts[f"expectations/mastered/{table}.json"] = mastered_suite(table, key)
    if entity == "customer":
        texts |= {f"pipelines/sql/lookup/{path.name}": _read(path) for path in lookup_files(sample)}
        texts["pipelines/sql/lookup/card.sql"] = lookup_card(has_households="household" in mastered)
    for proposal in proposals:
        texts[f"pipelines/sources/{proposal.name}.yml"] = _contract(proposal, link)
        texts[f"pipelines/sql/standardized/{proposal.name}__{entity}.sql"] = source_select(proposal)
        texts[f"expectations/raw/{proposal.name}.json"] = source_suite(proposal)
    return texts


def _mastered(entity: str, proposals: Sequence[SourceProposal], folder: Path) -> dict[str, str]:
    """The published tables, in the order in which they are made; households where people have addresses."""
    if entity != "customer":
        return {entity: _read(folder / f"{entity}.sql")}
    has_households = any(proposal.kind != "organization" and proposal.has("address_line1") for proposal in proposals)
    tables = {}
    for table in ("household_member", "household") if has_households else ():
        tables[table] = adapt_household(_read(folder / f"{table}.sql"))
    return {**tables, "customer": mastered_customer(has_households=has_households)}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"the sample lacks a file: {error}", where=path, remedy="install dq-pipeline again"
        ) from error


def flow(value: object) -> str:
    """A value as YAML on one line, quoted where it must be."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=math.inf)
    return text.removesuffix("\n").removesuffix("\n...")


def _file_name(proposal: SourceProposal) -> str:
    """The extract's name within the project: the source's, with the endings that say how the file is written."""
    path = proposal.extract.wanted.path
    suffixes = path.suffixes[-2:] if path.suffix.lower() in PACKED else path.suffixes[-1:]
    return proposal.name + "".join(suffixes).lower()


def _contract(proposal: SourceProposal, link: bool) -> str:
    """`sources/<source>.yml`."""
    extract = proposal.extract
    path = str(extract.wanted.path.resolve()) if link else _file_name(proposal)
    form = {
        name: value
        for name, value in extract.form.model_dump().items()
        if value != type(extract.form).model_fields[name].default
    }
    lines = [
        f"name: {proposal.name}",
        f"title: {flow(f'Rows of {extract.wanted.path.name}')}",
        "owner: data",
        "touchpoint: data",
        f"location: {flow({'path': path})}",
        *([f"format: {flow(form)}"] if form else []),
        f"key: [{', '.join(proposal.key)}]",
    ]
    changed = proposal.fields.get("updated_at", ())
    if changed:
        lines.append(f"newest_by: {changed[0]}")
    lines += [
        "# Half of what came at first; fewer rows stop a night.",
        f"rows: {{min: {max(1, extract.rows // 2)}}}",
        "columns:",
    ]
    assert proposal.types is not None
    for name, column in proposal.types.items():
        said: dict[str, Any] = {}
        if column.source_name:
            said["from"] = column.source_name
        if column.type != "text":
            said |= {"type": column.type}
        said["title"] = column.title
        if column.type != "text":
            said["severity"] = column.severity
        if column.personal:
            said["personal"] = True
        lines.append(f"  {name}: {flow(said)}")
    return "\n".join(lines) + "\n"


def _settings(entity: str, proposals: Sequence[SourceProposal], mastered: Sequence[str]) -> str:
    """`nightly.yml`, with gates that leave room for what the files are like today."""
    unparsed = sum(proposal.extract.unparsed for proposal in proposals)
    lines = unparsed + max(10, sum(proposal.extract.rows for proposal in proposals) // 1000)
    kept_out = max(proposal.repeated / proposal.extract.rows for proposal in proposals)
    sources = "\n".join(f"  - {proposal.name}" for proposal in proposals)
    tables = "\n".join(f"  - {name}" for name in mastered)
    return f"""# One night of this project. Every name here is a file: sources/<name>.yml, entities/<name>.yml, …
name: nightly
title: {flow(f"Who is who in {', '.join(proposal.name for proposal in proposals)}")}

paths:
  data: data
  output: output
  expectations: expectations

sources:
{sources}

entities:
  - {entity}

mastered:                     # sql/mastered/<name>.sql, in this order
{tables}
{LOOKUP_SETTINGS if entity == "customer" else ""}
gates:
  unparsed_lines: {lines}          # lines that cannot be read; {unparsed:,} of them today
  quarantine_share: {min(0.5, max(0.05, math.ceil(kept_out * 200) / 100))}      # of any one source's rows
  largest_cluster: 500        # records of one {entity}: more is a placeholder that links everybody

resources:
  memory_limit: 4GB           # of the database; what needs more is spilled to the disk

owners:
  data: {{title: Owner of the data}}
"""


def _readme(entity: str, proposals: Sequence[SourceProposal]) -> str:
    listed = "\n".join(
        f"- `{proposal.name}`: {proposal.extract.rows:,} rows of {proposal.extract.wanted.path.name}"
        for proposal in proposals
    )
    return f"""# Who is who

{listed}

```sh
dq check     # everything that can be checked without data
dq run       # the first run trains the model and keeps it in pipelines/models
```

`output/published/truth.duckdb` holds `master.{entity}`, and in `identity.xref` which record means whom.
What a column means is said in `pipelines/sql/standardized/<source>__{entity}.sql`; how records are compared, in
`pipelines/entities/{entity}.yml`.
"""
