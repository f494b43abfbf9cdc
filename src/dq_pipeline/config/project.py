"""The project: what a night is made of (sources, entities, tables), its gates, owners and targets, and its files."""

import difflib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field

from dq_pipeline.config.base import Dimension, Frozen, Identifier, Severity, Share
from dq_pipeline.config.entity import Entity
from dq_pipeline.config.erasing import Erasure
from dq_pipeline.config.gates import Gates
from dq_pipeline.config.lookup import Lookup
from dq_pipeline.config.schedule import Schedule
from dq_pipeline.config.scoring import Anomalies, Failures, Plan, Scores, Touchpoints
from dq_pipeline.config.service import Lifecycle, Service, Standard, Tier
from dq_pipeline.config.source import Source
from dq_pipeline.config.telling import AnyChannel, LineageTarget, Prometheus
from dq_pipeline.errors import ConfigError

# A size as DuckDB writes it.
SIZE = r"(?i)^\d+(\.\d+)? ?([KMGT]i?B)$"
# What decides a run is written in files of these kinds.
PROJECT_SUFFIXES = frozenset({".yml", ".sql", ".csv", ".json"})


class Owner(Frozen):
    """A department that answers for data."""

    title: str
    contact: str = ""


class Paths(Frozen):
    """Folders, relative to the project's root."""

    data: Path = Path("data")
    output: Path = Path("output")
    expectations: Path = Path("expectations")


class Resources(Frozen):
    """What a run may use: `memory_limit` and, for what does not fit there, `temp_limit` on disk, as `4GB`.

    A stage that takes longer than `stage_timeout_minutes` is stopped, and the run fails.
    """

    memory_limit: str | None = Field(default=None, pattern=SIZE)
    temp_limit: str | None = Field(default=None, pattern=SIZE)
    threads: int | None = Field(default=None, ge=1)
    stage_timeout_minutes: float | None = Field(default=None, gt=0)


class Retention(Frozen):
    """How much of the past stays: the last `nights` that were published, and what the last `snapshots` of them read."""

    nights: int = Field(default=14, ge=1)
    snapshots: int = Field(default=14, ge=0)


class Permissions(Frozen):
    """Who may read what runs write: their user alone, or the attempts in `runs` the group of the files too.

    `encrypted`: published files can be read only with the key that they were written with (`config.encryption`).
    """

    published: Literal["private", "group"] = "private"
    encrypted: bool = False


class IssueCheck(Frozen):
    """One named defect: the file `sql/issues/<code>_<name>.sql` returns the rows that have it.

    `source` is the source whose rows are at fault; its validated rows are the ones that were examined. `causes` names
    the failures of orders that the defect can cause (`failures.kinds` of the project file); `row` says what one row is.
    """

    code: str = Field(pattern=r"^[A-Z]+[0-9]+$")
    name: Identifier
    title: str
    row: str = ""
    dimension: Dimension
    severity: Severity = "warning"
    source: Identifier
    entity: Identifier = "customer"
    owner: Identifier
    touchpoint: str
    effort_minutes: float = Field(default=5, gt=0)
    remedy: str = ""
    causes: tuple[Identifier, ...] = ()


class Settings(Frozen):
    """The project file, `pipelines/<name>.yml`.

    `stake` names the SELECT `sql/mastered/<stake>.sql` of what a master suffers where it is taken for another: it
    ranks the review queue.
    """

    name: Identifier
    title: str
    language: Literal["en", "es"] = "en"
    run_date: date | None = None
    paths: Paths = Paths()
    sources: tuple[Identifier, ...] = Field(min_length=1)
    entities: tuple[Identifier, ...] = ()
    mastered: tuple[Identifier, ...] = ()
    views: tuple[Identifier, ...] = ()
    stake: Identifier | None = None
    gates: Gates = Gates()
    resources: Resources = Resources()
    permissions: Permissions = Permissions()
    retention: Retention = Retention()
    schedule: Schedule = Schedule()
    erasure: Erasure | None = None
    owners: dict[Identifier, Owner] = Field(min_length=1)
    touchpoints: tuple[str, ...] = ()
    targets: dict[Dimension, Share] = Field(default_factory=dict)
    scores: Scores = Scores()
    anomalies: Anomalies = Anomalies()
    failures: Failures | None = None
    plan: Plan = Plan()
    touchpoint_matrix: Touchpoints = Touchpoints()
    service: Service = Service()
    tiers: tuple[Tier, ...] = ()
    lifecycle: Lifecycle = Lifecycle()
    standard: Standard | None = None
    scored: tuple[Identifier, ...] = ()
    lookup: Lookup | None = None
    notify: tuple[AnyChannel, ...] = ()
    prometheus: Prometheus | None = None
    lineage: LineageTarget | None = None


def _meant(name: str, known: Sequence[str]) -> str:
    """What to write instead of a name that there is not."""
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]}? There are: {', '.join(known)}"
    return f"take one of those that the project file lists: {', '.join(known)}"


class Project(Frozen):
    """A project read whole: settings, sources, entities, issue checks, and the way to its SQL files."""

    file: Path
    root: Path
    settings: Settings
    sources: tuple[Source, ...]
    entities: tuple[Entity, ...]
    issues: tuple[IssueCheck, ...]

    @property
    def pipelines(self) -> Path:
        """The folder that holds the project file, sources, entities and SQL."""
        return self.file.parent

    @property
    def catalogues(self) -> tuple[Path, ...]:
        """The folders with translations of the project's own sentences, `<language>.po`."""
        return (self.pipelines / "locale",)

    @property
    def data(self) -> Path:
        """The folder of the extracts."""
        return self.root / self.settings.paths.data

    @property
    def output(self) -> Path:
        """The folder that runs write to."""
        return self.root / self.settings.paths.output

    def source(self, name: str) -> Source:
        """The source of that name. Raises ConfigError."""
        for source in self.sources:
            if source.name == name:
                return source
        raise ConfigError(f"no source is named {name!r}", where=self.file, remedy=_meant(name, self.settings.sources))

    def entity(self, name: str) -> Entity:
        """The entity of that name. Raises ConfigError."""
        for entity in self.entities:
            if entity.name == name:
                return entity
        raise ConfigError(f"no entity is named {name!r}", where=self.file, remedy=_meant(name, self.settings.entities))

    def personal_columns(self) -> frozenset[str]:
        """Every column that a contract or an entity declares personal: masked wherever a person reads it."""
        declared = {name for source in self.sources for name, column in source.columns.items() if column.personal}
        return frozenset(declared.union(*(entity.personal for entity in self.entities)))

    def sql_path(self, state: str, name: str) -> Path:
        """The file that holds the SELECT of `<state>.<name>`."""
        return self.pipelines / "sql" / state / f"{name}.sql"

    def sql(self, state: str, name: str) -> str:
        """The SELECT of `<state>.<name>`. Raises ConfigError where the file is missing."""
        path = self.sql_path(state, name)
        try:
            return path.read_text(encoding="utf-8").rstrip().rstrip(";")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"the SQL file cannot be read: {error}", where=path, remedy=f"write one SELECT for {state}.{name} there"
            ) from error

    def suite_path(self, state: str, table: str) -> Path:
        """The Great Expectations suite of a table: `raw/<source>.json` or `mastered/<table>.json`."""
        return self.root / self.settings.paths.expectations / state / f"{table}.json"

    def model_path(self, entity: str) -> Path:
        """The trained model of an entity."""
        return self.pipelines / "models" / f"{entity}.json"

    def judgements_path(self, entity: str) -> Path:
        """The stewards' judgements on an entity's pairs."""
        return self.pipelines / "judgements" / f"{entity}.csv"

    @property
    def suppressions_path(self) -> Path:
        """The people who were erased, as keyed hashes."""
        return self.pipelines / "suppressions.csv"

    def releases_path(self, source: str) -> Path:
        """The rows of a source that stewards accepted as they are."""
        return self.pipelines / "releases" / f"{source}.csv"

    def lookups(self) -> list[Path]:
        """The lookup tables, sorted by name."""
        return sorted((self.pipelines / "lookups").glob("*.csv"))

    def files(self) -> list[Path]:
        """Every file that decides what a run does, sorted: the project's fingerprint is made of them."""
        folders = (self.pipelines, self.root / self.settings.paths.expectations)
        found = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
        found = {path for path in found if not path.name.endswith(".draft.json")}
        return sorted(path for path in found if path.suffix in PROJECT_SUFFIXES)
