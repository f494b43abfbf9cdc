"""Could a night be told? What can be seen of that without telling anybody: secrets, certificates, extras."""

from collections.abc import Iterator
from importlib.util import find_spec

from pydantic import BaseModel

from dq_pipeline import archive
from dq_pipeline.config import Project
from dq_pipeline.config.secrets import fill
from dq_pipeline.errors import ConfigError, DqError


def hindrances(project: Project) -> Iterator[DqError]:
    """What would keep a night from being told, each as an error with its remedy; none where nothing is declared."""
    settings = project.settings
    targets: list[tuple[str, BaseModel]] = [(channel.title, channel) for channel in settings.notify]
    if settings.lineage is not None:
        targets.append(("lineage", settings.lineage))
    for name, target in targets:
        yield from _of(name, target, project)
    extras = (("metrics", "prometheus_client", settings.prometheus), ("lineage", "openlineage", settings.lineage))
    for extra, package, declared in extras:
        if declared is not None and find_spec(package) is None:
            yield ConfigError(f"{package} is not installed", remedy=f"pip install 'dq-pipeline[{extra}]'")
    yield from _last_time(project)


def _of(name: str, target: BaseModel, project: Project) -> Iterator[DqError]:
    for value in (held for _, held in target if isinstance(held, str)):
        try:
            fill(value, where=name)
        except ConfigError as error:
            yield error
    ca_file = getattr(target, "ca_file", None)
    if ca_file and not (project.root / ca_file).is_file():
        yield ConfigError(
            f"{ca_file} is not there", where=name, remedy="put the certificates there, or leave `ca_file` out"
        )


def _last_time(project: Project) -> Iterator[DqError]:
    """Channels whose last message did not get through."""
    last: dict[str, str | None] = {}
    for manifest in archive.manifests(project.output):
        for one in manifest.get("told") or []:
            last[str(one["channel"])] = None if one["sent"] else str(one["reason"])
    for channel in project.settings.notify:
        name = channel.title
        if reason := last.get(name):
            yield ConfigError(f"{name} was not told: {reason}", remedy=f"`dq notify --test {name}` tries it again")
