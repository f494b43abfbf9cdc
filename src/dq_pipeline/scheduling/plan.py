"""What a schedule says, whoever reads it: when, what is started, what it may and needs, what is tried again."""

import math
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from dq_pipeline import machine
from dq_pipeline.config import Project, encryption
from dq_pipeline.config.loading import find_project_file
from dq_pipeline.config.schedule import is_timezone
from dq_pipeline.config.secrets import wanted
from dq_pipeline.errors import BreachError, ConfigError, LockError, StageError
from dq_pipeline.scheduling.quoting import checked

# What `dq run` ends with. Trying again changes nothing of what is final; what was cancelled, somebody wanted to end.
EXIT_CODES: Mapping[int, str] = {
    0: "published",
    StageError.exit_code: "a stage or a source failed; what was published before is whole",
    ConfigError.exit_code: "wrong usage or configuration: correct the file that it names",
    BreachError.exit_code: "a gate was breached, nothing was published: see the report",
    LockError.exit_code: "another run holds the lock",
    130: "cancelled by an interrupt",
    143: "cancelled by a request to terminate",
}
FINAL = (ConfigError.exit_code, BreachError.exit_code, 130, 143)
RETRIES = 4
RETRY_MINUTES = 15
GIGABYTE = 2**30
# Of memory, beside what the database may take: Python, and a part for what the limit does not count.
_PYTHON_BYTES, _SHARE = 10**9, 1.25
_GUESS = 8 * GIGABYTE
_IMAGE = re.compile(r"[a-z0-9]+([._:/@-]+[A-Za-z0-9]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_QUANTITY = re.compile(r"[1-9][0-9]*[MGT]i")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}\$?")


@dataclass(frozen=True)
class Wishes:
    """What may be asked for beside what the project says; None is what the project or the machine has."""

    at: time | None = None
    timezone: str | None = None
    program: str | None = None
    user: str | None = None
    hours: int = 6
    image: str | None = None
    namespace: str | None = None
    storage: str = "20Gi"


@dataclass(frozen=True)
class Plan:
    """Everything that a template fills in. `timezone` is None where the machine's own time holds."""

    project: Project
    wishes: Wishes
    at: time
    timezone: str | None
    program: tuple[str, ...]
    variables: tuple[str, ...]
    credentials: tuple[str, ...]
    untrained: tuple[str, ...]

    @property
    def name(self) -> str:
        """What units, jobs and volumes are called: `dq-nightly`. Short enough for a CronJob, whose pods have more."""
        return f"dq-{self.project.settings.name.replace('_', '-').strip('-')}"[:52].rstrip("-")

    @property
    def identifier(self) -> str:
        """The same for Python: `dq_nightly`."""
        return self.name.replace("-", "_")

    @property
    def target(self) -> Path:
        """What `--project` is given: the folder, or the project file where the folder has several."""
        try:
            is_only = find_project_file(self.project.root) == self.project.file
        except ConfigError:
            is_only = False
        return self.project.root if is_only else self.project.file

    @property
    def user(self) -> str | None:
        """Whose process a night is; None is root."""
        return self.wishes.user or machine.user()

    @property
    def arguments(self) -> tuple[str, ...]:
        """What stands behind the program."""
        return ("run", "--project", checked(str(self.target)), "--quiet")

    @property
    def zone(self) -> str:
        """The time zone's name, for schedulers that must have one."""
        return self.timezone or machine.timezone() or "UTC"

    @property
    def writable(self) -> tuple[str, ...]:
        """What a run writes to: output, models that are not trained yet, files of metrics and lineage."""
        settings, root = self.project.settings, self.project.root
        folders = [self.project.output]
        folders += [self.project.pipelines / "models"] if self.untrained else []
        folders += [(root / one.file).parent for one in (settings.prometheus, settings.lineage) if one and one.file]
        return tuple(dict.fromkeys(checked(str(folder)) for folder in folders))

    @property
    def _places(self) -> tuple[Path, ...]:
        return (self.project.root, self.project.data, self.project.output, Path(self.program[0]))

    @property
    def is_at_home(self) -> bool:
        """Whether anything that a run needs lies in somebody's home."""
        return any(place.is_relative_to(home) for place in self._places for home in ("/home", "/root", "/run/user"))

    @property
    def is_in_tmp(self) -> bool:
        """Whether anything that a run needs lies where a service of its own /tmp does not see it."""
        return any(place.is_relative_to(tmp) for place in self._places for tmp in ("/tmp", "/var/tmp"))

    @property
    def memory(self) -> int | None:
        """Gibibytes that a night may take, from the database's limit; None where the project sets none."""
        limit = machine.bytes_of(self.project.settings.resources.memory_limit or "")
        return math.ceil((limit * _SHARE + _PYTHON_BYTES) / GIGABYTE) if limit else None

    @cached_property
    def missing_day(self) -> date | None:
        """The next day that has no such hour, for clocks are put forward; None if there is none within a year."""
        zone, today = ZoneInfo(self.zone), datetime.now(UTC).date()
        for day in (today + timedelta(days=number) for number in range(366)):
            begin = datetime.combine(day, self.at, zone)
            if begin.astimezone(UTC).astimezone(zone).time() != self.at:
                return day
        return None


def make_plan(project: Project, wishes: Wishes) -> Plan:
    """The plan for a project. Raises ConfigError for a wish that means nothing or cannot be written safely."""
    _check(wishes)
    settings = project.settings
    for place in (project.root, project.file, project.data, project.output):
        checked(str(place))
    asked = [*wanted(_texts(project)), *((name, False) for name in _keys(project))]
    return Plan(
        project=project,
        wishes=wishes,
        at=wishes.at or settings.schedule.at,
        timezone=wishes.timezone or settings.schedule.timezone,
        program=_program(wishes.program),
        variables=tuple(sorted({name for name, is_file in asked if not is_file})),
        credentials=tuple(sorted({name for name, is_file in asked if is_file})),
        untrained=tuple(one.name for one in project.entities if not project.model_path(one.name).exists()),
    )


def in_container(plan: Plan) -> Plan:
    """The same plan where only image and secrets are at hand: a key that lies beside the project is a secret there."""
    asked = {*plan.variables, *_keys(plan.project, is_beside=False)}
    return replace(plan, variables=tuple(sorted(asked)))


def _keys(project: Project, *, is_beside: bool = True) -> list[str]:
    """The variables of keys that a run needs: of encrypted files, and of erased people where that has no file."""
    keys = [encryption.KEY_VARIABLE] if project.settings.permissions.encrypted else []
    if not project.suppressions_path.exists():
        return keys
    from dq_pipeline.extracts.suppressing import KEY_FILE, KEY_VARIABLE

    return keys if is_beside and (project.root / KEY_FILE).exists() else [*keys, KEY_VARIABLE]


def _texts(project: Project) -> str:
    return "\n".join(one.model_dump_json() for one in (project.settings, *project.sources))


def _program(program: str | None) -> tuple[str, ...]:
    """The words before `run`: a program of that path, or the `dq` that is running."""
    if program is not None:
        if not program.startswith("/"):
            raise ConfigError(f"the program is no absolute path: {program}", remedy="write it as /opt/dq/bin/dq")
        return (checked(program),)
    beside = Path(sys.executable).with_name("dq")
    words = (str(beside),) if beside.exists() else (sys.executable, "-m", "dq_pipeline")
    return tuple(checked(word) for word in words)


def _check(wishes: Wishes) -> None:
    if wishes.timezone is not None and not is_timezone(wishes.timezone):
        raise ConfigError(f"no time zone is named {wishes.timezone!r} here", remedy="write one as America/Chicago")
    for value, shape, option, example in (
        (wishes.user, _USER, "user", "etl"),
        (wishes.image, _IMAGE, "image", "registry.example.com/dq-pipeline:1.0"),
        (wishes.namespace, _LABEL, "namespace", "data"),
        (wishes.storage, _QUANTITY, "storage", "20Gi"),
    ):
        if value is not None and not shape.fullmatch(value):
            raise ConfigError(f"--{option} cannot be {value!r}", remedy=f"write it as {example}")


def warnings_of(plan: Plan, kind: str) -> Iterator[str]:
    """What one should know before this schedule is used, in sentences."""
    if plan.project.settings.run_date is not None:
        yield _said(
            f"the project file sets run_date: every night would be that of {plan.project.settings.run_date}; "
            "take it out"
        )
    if kind in {"systemd", "kubernetes"} and plan.missing_day:
        yield _said(
            f"there is no {plan.at:%H:%M} in {plan.zone} on {plan.missing_day}: no night begins on that day; "
            "take an hour that every day has"
        )
    if kind == "cron" and plan.timezone not in {None, machine.timezone()}:
        yield _said(
            f"Debian's cron knows no time zone but the machine's: there a night begins at {plan.at:%H:%M} of the "
            "machine's clock; cronie does as CRON_TZ says"
        )
    if kind == "systemd" and plan.user is None:
        yield _said("the unit runs as root: name a user of its own with --user, who owns the output folder")
    if kind == "kubernetes" and plan.untrained:
        yield _said(
            f"no model is trained of {', '.join(plan.untrained)}: run once outside, and put pipelines/models into "
            "the image"
        )
    if kind == "kubernetes" and plan.memory is None:
        yield _said("the project sets no resources.memory_limit: the memory asked for is a guess")


def _said(message: str) -> str:
    return message


def guessed_memory(plan: Plan) -> int:
    """Gibibytes for a scheduler that must be told."""
    return plan.memory or _GUESS // GIGABYTE
