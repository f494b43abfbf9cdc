"""A plan as the files of a scheduler: `templates/` filled in, every value quoted by the rules of who reads it."""

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from dq_pipeline import __version__, machine
from dq_pipeline.errors import ConfigError
from dq_pipeline.scheduling import quoting
from dq_pipeline.scheduling.plan import EXIT_CODES, FINAL, RETRIES, RETRY_MINUTES, Plan, guessed_memory, in_container

KINDS = ("systemd", "cron", "airflow", "dagster", "kubernetes")
# Debian's cron refuses a longer command.
LONGEST_ENTRY = 998
# Where an image has its project, and the user that it runs as: the Dockerfile says the same.
PLACE, UID = "/project", 10001
# `timeout` ends with this where it ended a run.
_TIMED_OUT = 124


@dataclass(frozen=True)
class File:
    """One file of a schedule: its name and its text."""

    name: str
    text: str


@dataclass(frozen=True)
class Claim:
    """A volume that a job keeps: the name of the claim and of the volume, where it is, and who else writes it."""

    name: str
    volume: str
    path: str
    mode: str
    remark: str
    is_read_only: bool = False


def render(plan: Plan, kind: str) -> list[File]:
    """The files that let a scheduler of this kind start the plan's night. Raises ConfigError."""
    return _RENDERERS[kind](plan)


def write_files(files: Sequence[File], folder: Path, *, force: bool = False) -> list[Path]:
    """Write the files into a folder, all may read them. Raises ConfigError where another one is there already."""
    paths = [folder / one.name for one in files]
    for path, file in zip(paths, files, strict=True):
        if not force and path.exists() and path.read_bytes() != file.text.encode():
            raise ConfigError("the file is there already", where=path, remedy="look at it, then take --force")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, file in zip(paths, files, strict=True):
            path.write_text(file.text, encoding="utf-8")
            # There is nothing personal or secret in it, and a scheduler is another user.
            path.chmod(0o644)
    except OSError as error:
        raise ConfigError(
            f"the schedule cannot be written: {error.strerror}", where=folder, remedy="name another folder by --output"
        ) from error
    return paths


def _systemd(plan: Plan) -> list[File]:
    return [
        File(f"{plan.name}.service", _filled("systemd.service", plan)),
        File(f"{plan.name}.timer", _filled("systemd.timer", plan)),
    ]


def _cron(plan: Plan) -> list[File]:
    entry = _entry(plan)
    if len(entry.encode()) > LONGEST_ENTRY:
        raise ConfigError(
            f"the line is longer than the {LONGEST_ENTRY} characters that cron takes",
            remedy="take shorter paths, or another scheduler",
        )
    is_machines_zone = plan.timezone == machine.timezone()
    # In a folder of cron's own, a name with a dot is passed over.
    return [File(plan.name, _filled("crontab", plan, entry=entry, is_machines_zone=is_machines_zone))]


def _entry(plan: Plan) -> str:
    """The line of the crontab: a night, and what is tried again of it."""
    words = ("timeout", "-s", "INT", "-k", "120", f"{plan.wishes.hours}h", *plan.program, *plan.arguments)
    command = " ".join(quoting.cron_word(word) for word in words)
    final = "|".join(str(code) for code in (0, *FINAL, _TIMED_OUT))
    tries = " ".join(str(number) for number in range(1, RETRIES + 2))
    last = RETRIES + 1
    loop = (
        f"for try in {tries}; do {command}; code=$?; "
        f"case $code in {final}) break;; esac; [ $try = {last} ] || sleep {RETRY_MINUTES * 60}; done; exit $code"
    )
    user = f" {plan.wishes.user}" if plan.wishes.user else ""
    return f"{_cron_time(plan)}{user} cd {quoting.cron_word(str(plan.project.root))} && {loop}"


def _cron_time(plan: Plan) -> str:
    return f"{plan.at.minute} {plan.at.hour} * * *"


def _airflow(plan: Plan) -> list[File]:
    return [File(f"{plan.identifier}_dag.py", _filled("airflow.py", plan))]


def _dagster(plan: Plan) -> list[File]:
    return [File(f"{plan.identifier}_assets.py", _filled("dagster.py", plan))]


def _kubernetes(plan: Plan) -> list[File]:
    plan = in_container(plan)
    text = _filled(
        "kubernetes.yml",
        plan,
        place=PLACE,
        uid=UID,
        claims=_claims(plan),
        image=plan.wishes.image or f"dq-pipeline:{__version__}",
        version=__version__,
        arguments=["run", "--project", _inside(plan.target.relative_to(plan.project.root)), "--log-format", "json"],
        memory=guessed_memory(plan),
        threads=plan.project.settings.resources.threads or 2,
        final_of_dq=[code for code in FINAL if code < 128],
    )
    return [File(f"{plan.name}.yml", text)]


def _claims(plan: Plan) -> list[Claim]:
    """What outlives a job: what it publishes, and the extracts, which somebody else brings."""
    paths = plan.project.settings.paths
    output = _inside(paths.output)
    claims = [
        Claim(
            f"{plan.name}-output",
            "output",
            output,
            "ReadWriteOnce",
            "What is published, and every night before: `kubectl delete -f` of this file would take it along.",
        )
    ]
    data = _inside(paths.data)
    # A folder that holds the project, or that a run writes to, is no place for extracts alone.
    if not f"{PLACE}/".startswith(f"{data.rstrip('/')}/") and not f"{data}/".startswith(f"{output}/"):
        remark = "The extracts: whoever brings them writes here, the night only reads."
        claims.append(Claim(f"{plan.name}-data", "data", data, "ReadWriteMany", remark, is_read_only=True))
    return claims


def _inside(path: Path) -> str:
    """Where a folder of the project is in the image."""
    return posixpath.normpath(posixpath.join(PLACE, path.as_posix()))


def _filled(template: str, plan: Plan, **values: Any) -> str:
    shared: Mapping[str, Any] = {
        "plan": plan,
        "cron": _cron_time(plan),
        "exit_codes": EXIT_CODES,
        "final": FINAL,
        "retries": RETRIES,
        "retry_minutes": RETRY_MINUTES,
    }
    return _environment().get_template(f"{template}.j2").render(**shared, **values)


def _environment() -> Environment:
    # What is made is no HTML: every value goes through the filter of its format.
    environment = Environment(
        loader=PackageLoader("dq_pipeline.scheduling"),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: Mapping[str, Callable[..., str]] = {
        "one_line": quoting.one_line,
        "systemd_text": quoting.systemd_text,
        "systemd_word": quoting.systemd_word,
        "systemd_program": quoting.systemd_program,
        "systemd_path": quoting.systemd_path,
        "shell": quoting.shell_word,
        "literal": quoting.literal,
    }
    environment.filters.update(filters)
    return environment


_RENDERERS: Mapping[str, Callable[[Plan], list[File]]] = {
    "systemd": _systemd,
    "cron": _cron,
    "airflow": _airflow,
    "dagster": _dagster,
    "kubernetes": _kubernetes,
}
