"""Reading the project's YAML: every error names the file, the line and the field, and says what was expected."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from dq_pipeline.config.entity import Entity
from dq_pipeline.config.project import PROJECT_SUFFIXES, IssueCheck, Project, Settings
from dq_pipeline.config.source import Source
from dq_pipeline.errors import ConfigError
from dq_pipeline.regular import kind_of

Value = TypeVar("Value")
MAX_FILE_BYTES = 1_000_000
# Tables that the engine makes in `mastered` beside those that a project names.
TAKEN_TABLES = frozenset(
    {
        *("assigned", "at_stake", "births", "claims", "clusters", "contents", "edges", "history_before", "id_events"),
        *("id_history", "judged_accuracy", "judged_marks", "judgements", "kept", "known_before", "known_records"),
        *("prefixes", "provenance", "queued", "record_contents", "redirects", "resolve", "review_queue", "settled"),
        "review_evidence",
        *("stake", "winners", "xref", "declared_lifecycle", "declared_tiers", "declared_window"),
        *("declared_weights", "lookup_cards", "lookup_found", "lookup_keys"),
    }
)


class _UniqueKeyLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key written twice, which plain YAML silently drops, and aliases, which can explode."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "a key must be a word", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} is written twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            # A date like 2026-13-45 looks like one to YAML, and then is none.
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from error

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not used in project files", mark)
        return super().compose_node(parent, index)


def find_project_file(path: Path) -> Path:
    """The project file for a folder (the one `pipelines/*.yml` that is a project) or the file itself."""
    if path.is_file():
        return path.resolve()
    candidates = sorted(p for p in (path / "pipelines").glob("*.yml") if p.name != "issues.yml")
    if len(candidates) == 1:
        return candidates[0].resolve()
    if not candidates:
        raise ConfigError(
            "no project here: there is no pipelines/*.yml",
            where=path.resolve(),
            remedy="go to a project's folder, name one with --project, or make one with `dq init DIR`",
        )
    names = ", ".join(candidate.name for candidate in candidates)
    raise ConfigError(f"several project files: {names}", where=path / "pipelines", remedy="name one with --project")


def load_project(path: Path) -> Project:
    """Read a project from its folder or project file. Raises ConfigError for the first file that is wrong."""
    file = find_project_file(path)
    settings = read_yaml(file, Settings)
    pipelines = file.parent
    sources = tuple(_named(pipelines / "sources" / f"{name}.yml", Source, name) for name in settings.sources)
    entities = tuple(_named(pipelines / "entities" / f"{name}.yml", Entity, name) for name in settings.entities)
    issues_file = pipelines / "issues.yml"
    issues = _issues(issues_file) if issues_file.exists() else ()
    project = Project(
        file=file, root=pipelines.parent, settings=settings, sources=sources, entities=entities, issues=issues
    )
    _check_files(project)
    _check_references(project, issues_file)
    return project


def _check_files(project: Project) -> None:
    """What is named like a file of the project is a file: a run must not wait for a pipe."""
    for folder in (project.pipelines, project.root / project.settings.paths.expectations):
        for path in sorted(folder.rglob("*")):
            if path.suffix in PROJECT_SUFFIXES and (kind := kind_of(path)):
                raise ConfigError(f"this is {kind}, not a file", where=path, remedy="take it out of the project")


def _named(path: Path, model: type[Value], name: str) -> Value:
    """A source or entity whose file must be named like it."""
    value = read_yaml(path, model)
    found = getattr(value, "name", name)
    if found != name:
        raise ConfigError(f"the file is named {name!r} but says name: {found!r}", where=path, remedy="make both equal")
    return value


def _issues(path: Path) -> tuple[IssueCheck, ...]:
    adapter: TypeAdapter[tuple[IssueCheck, ...]] = TypeAdapter(tuple[IssueCheck, ...])
    return read_yaml(path, adapter)


def read_yaml(path: Path, model: type[Value] | TypeAdapter[Value]) -> Value:
    """One YAML file as a value of `model`. Raises ConfigError naming file, line and field."""
    try:
        if kind := kind_of(path):
            raise ConfigError(f"this is {kind}, not a file", where=path, remedy="put the file itself there")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"the file is over {MAX_FILE_BYTES:,} bytes", where=path, remedy="make it smaller")
        text = path.read_text(encoding="utf-8")
        # _UniqueKeyLoader derives from SafeLoader: no object is ever made from a tag.
        loader = _UniqueKeyLoader(text)
        node = loader.get_single_node()
        data = None if node is None else loader.construct_document(node)
    except FileNotFoundError as error:
        raise ConfigError("the file is missing", where=path, remedy="create it, or take its name out") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the file cannot be read: {error}", where=path, remedy="give this user the right to read it, as UTF-8"
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise _yaml_error(path, error) from error
    adapter = model if isinstance(model, TypeAdapter) else TypeAdapter(model)
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        raise _validation_error(path, node, error) from error


def _yaml_error(path: Path, error: Exception) -> ConfigError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "the text cannot be read as YAML"
    where = f"{path}, line {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
    return ConfigError(f"not valid YAML: {problem}", where=where, remedy="look at that line and the one before it")


def _validation_error(path: Path, node: yaml.Node | None, error: ValidationError) -> ConfigError:
    """All faults of a file in one error: the line of each field, its path and what is wrong."""
    faults = []
    for fault in error.errors()[:8]:
        field = ".".join(str(part) for part in fault["loc"]) or "the file"
        message = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            message = "is not a known field"
        faults.append((_line(node, fault["loc"]), f"{field}: {message[:1].lower()}{message[1:]}"))
    line, first = faults[0]
    others = "".join(f"\n  line {number}: {text}" for number, text in faults[1:])
    return ConfigError(first + others, where=f"{path}, line {line}", remedy="correct the field and run `dq check`")


def _line(node: yaml.Node | None, loc: tuple[int | str, ...]) -> int:
    """The line, counted from 1, of the deepest part of a field's path that the file has."""
    line = node.start_mark.line + 1 if node else 1
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
            if not found:
                break
            key, node = found[0]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line


def line_of(path: Path, field: tuple[int | str, ...]) -> int:
    """The line, counted from 1, of a field of a YAML file that was read before."""
    return _line(yaml.compose(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader), field)


def _check_references(project: Project, issues_file: Path) -> None:
    """Names that one file uses and another must declare."""
    settings = project.settings
    for field in ("sources", "entities", "mastered", "views", "scored"):
        names = list(getattr(settings, field)) + (list(settings.mastered) if field == "views" else [])
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(f"{field}: {twice[0]!r} is written twice", where=project.file, remedy="take one out")
    of_entities = {f"{name}_{part}" for name in settings.entities for part in ("records", "golden")}
    named = {*settings.entities, *settings.mastered, *settings.views}
    taken = sorted((TAKEN_TABLES | of_entities).intersection(named))
    if taken:
        message = f"{taken[0]!r} is the name of a table of the engine"
        raise ConfigError(message, where=project.file, remedy="take another name")
    sources = {source.name for source in project.sources}
    owners = set(project.settings.owners)
    _check_scoring(project, sources, owners)
    _check_service(project, owners)
    _check_channels(project)
    if settings.lookup is not None:
        _known(settings.lookup.entity, set(settings.entities), project.file.name, "entity", project)
    for name in settings.gates.sources:
        _known(name, sources, project.file.name, "source", project)
    for source in project.sources:
        _known(source.owner, owners, f"sources/{source.name}.yml", "owner", project)
    earlier: set[str] = set()
    prefixes: dict[str, str] = {}
    for entity in project.entities:
        where = f"entities/{entity.name}.yml"
        if prefixes.setdefault(entity.id_prefix, entity.name) != entity.name:
            message = f"id_prefix: {entity.id_prefix} is that of {prefixes[entity.id_prefix]} too"
            raise ConfigError(message, where=project.pipelines / where, remedy="give each entity its own")
        columns = [column for one in entity.golden.fields for column in one.taken()] + [entity.id_column, "records"]
        twice = sorted({name for name in columns if columns.count(name) > 1})
        if twice:
            message = f"golden.fields: {twice[0]!r} is taken twice"
            raise ConfigError(message, where=project.pipelines / where, remedy="a golden record has each column once")
        for name in (*entity.sources, *entity.golden.trust):
            _known(name, sources, where, "source", project)
        for evidence in entity.evidence:
            if evidence.entity is None:
                continue
            _known(evidence.entity, earlier, where, "entity resolved before it", project)
        earlier.add(entity.name)
    seen: set[tuple[str, str]] = set()
    for issue in project.issues:
        _known(issue.source, sources, "issues.yml", "source", project)
        _known(issue.owner, owners, "issues.yml", "owner", project)
        for pair in (("", issue.code), (issue.source, issue.name)):
            if pair in seen:
                message = f"{issue.code} {issue.name} is declared twice"
                raise ConfigError(message, where=issues_file, remedy="give each issue its own code and name")
            seen.add(pair)


def _check_channels(project: Project) -> None:
    """Channels have names of their own, `only` names gates or owners, and `link` is filled in from what there is."""
    names = [channel.title for channel in project.settings.notify]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        remedy = "give one of them a `name:`"
        raise ConfigError(f"notify: {twice[0]!r} is written twice", where=project.file, remedy=remedy)
    for channel in project.settings.notify:
        try:
            (channel.link or "").format(run_id="", attempt="")
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise ConfigError(
                f"notify.{channel.title}.link cannot be filled in",
                where=project.file,
                remedy="write {run_id} and {attempt}, and no other braces",
            ) from error


def _check_service(project: Project, owners: set[str]) -> None:
    """Names of metrics, cuts, tiers and conditions of the project file: each once, owners and tiers declared."""
    settings, file = project.settings, project.file
    conditions = settings.standard.conditions if settings.standard else ()
    lists = {
        "service.metrics": [metric.name for metric in settings.service.metrics],
        "service.cuts": list(settings.service.cuts),
        "tiers": [tier.name for tier in settings.tiers],
        "standard.conditions": [condition.name for condition in conditions],
    }
    for field, names in lists.items():
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(f"{field}: {twice[0]!r} is written twice", where=file, remedy="take one out")
    for name in sorted({"all", "good", "bad", "unknown"}.intersection(settings.service.cuts)):
        message = f"service.cuts: {name!r} is a name of the engine"
        raise ConfigError(message, where=file, remedy="take another name")
    for condition in conditions:
        _known(condition.owner, owners, file.name, "owner", project)
    for name in settings.plan.tiers if settings.tiers else ():
        _known(name, set(lists["tiers"]), file.name, "tier", project)


def _check_scoring(project: Project, sources: set[str], owners: set[str]) -> None:
    """Names in the weights, targets and failures of the project file, and the failures that issue checks can cause."""
    settings, file = project.settings, project.file.name
    for name in settings.scores.source_weights:
        _known(name, sources, file, "source", project)
    for target in settings.scores.targets:
        if target.owner is not None:
            _known(target.owner, owners, file, "owner", project)
    tables = set(settings.mastered)
    if settings.plan.tier_table is not None:
        _known(settings.plan.tier_table, tables, file, "table of `mastered`", project)
    failures = settings.failures
    for table in (failures.orders, failures.links) if failures else ():
        if table is not None:
            _known(table, tables, file, "table of `mastered`", project)
    fields = {f"{entity.name}.{field.name}" for entity in project.entities for field in entity.golden.fields}
    for name in (*settings.touchpoint_matrix.targets, *settings.touchpoint_matrix.ignore):
        _known(name, fields, file, "field of a golden record", project)
    columns = {f"{source.name}.{column}" for source in project.sources for column in source.columns} | sources
    for name in settings.anomalies.ignore:
        _known(name, columns, file, "source, or column of one", project)
    for code in failures.causes if failures else ():
        _known(code.partition(".")[0], sources, file, "source", project)
    for issue in project.issues:
        for cause in issue.causes:
            _known(cause, set(failures.kinds) if failures else set(), "issues.yml", "failure", project)


def _known(name: str, known: set[str], file: str, what: str, project: Project) -> None:
    if name not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise ConfigError(
            f"{name!r} is no {what}; known: {listed}",
            where=project.pipelines / file,
            remedy="correct the name, or declare it in the project file",
        )
