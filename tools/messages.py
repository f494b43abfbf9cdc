"""Collects what people read into the catalogues of translations: `python -m tools.messages`.

The engine's sentences go to `src/dq_pipeline/language/locale/<language>.po`, those of the sample project (titles,
remedies, descriptions, what a finding says) to `pipelines/locale/<language>.po`. Translations that are there stay; what
is no longer said is taken out; what is new is empty, and a test fails until it is filled in.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from jinja2.ext import babel_extract

from dq_pipeline.config import Project, load_project
from dq_pipeline.language import LANGUAGES
from dq_pipeline.language.catalogue import OURS, read_catalogue
from dq_pipeline.language.terms import TERMS
from tools.sentences import gettext_messages, python_sentences, sql_sentences

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "src/dq_pipeline"
THEIRS = ROOT / "pipelines/locale"
# Under these keys a project's YAML and suites have sentences that people read.
SAID = frozenset({"title", "row", "remedy", "label", "description"})
_OPTIONS = {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}


@dataclass(frozen=True)
class Message:
    """A sentence, its plural if it has one, and the file that says it."""

    said: str
    plural: str | None
    file: str

    @property
    def key(self) -> str | tuple[str, str]:
        """What a catalogue knows it by."""
        return (self.said, self.plural) if self.plural else self.said


def engine_messages() -> Iterator[Message]:
    """What the engine says: templates, commands, errors and breaches, what its SQL composes, and the terms."""
    for path in sorted((ENGINE / "scorecard/templates").glob("*.html")):
        with path.open("rb") as stream:
            for _, _, message, _ in babel_extract(stream, ("_", "gettext", "ngettext"), (), _OPTIONS):
                yield _message(message, path)
    for path in sorted(ENGINE.rglob("*.py")):
        for message in gettext_messages(path):
            yield _message(message, path)
        for sentence, _ in python_sentences(path):
            yield _message(sentence, path)
    for path in sorted((ENGINE / "sql").rglob("*.sql")):
        if "macros" not in path.parts:
            for sentence, _ in sql_sentences(path):
                yield _message(sentence, path)
    for term in TERMS:
        yield _message(term, ENGINE / "language/terms.py")


def project_messages(root: Path = ROOT) -> Iterator[Message]:
    """What a project says: its YAML, its suites, and what the findings of its issue checks tell."""
    pipelines = root / "pipelines"
    for path in sorted([*pipelines.glob("*.yml"), *pipelines.glob("sources/*.yml"), *pipelines.glob("entities/*.yml")]):
        for sentence in _texts(yaml.safe_load(path.read_text(encoding="utf-8")), ""):
            yield _message(sentence, path)
    for name in sorted(_names(load_project(root))):
        yield _message(name, root / "pipelines")
    for path in sorted((root / "expectations").rglob("*.json")):
        for sentence in _texts(json.loads(path.read_text(encoding="utf-8")), ""):
            yield _message(sentence, path)
    for path in sorted((pipelines / "sql").rglob("*.sql")):
        for sentence, _ in sql_sentences(path):
            yield _message(sentence, path)


def _names(project: Project) -> set[str]:
    """The names that the report shows as words: of sources, entities, owners, touchpoints and their attributes."""
    settings = project.settings
    names = {*settings.owners, *settings.touchpoints, *(source.name for source in project.sources)}
    names |= {source.touchpoint for source in project.sources if source.touchpoint}
    names |= {*settings.service.cuts, *(settings.failures.kinds if settings.failures else ())}
    names |= {tier.name for tier in settings.tiers}
    for entity in project.entities:
        rules = entity.linkage
        names |= {entity.name, *(one.name for one in rules.comparisons)}
        names |= {*(one.name for one in rules.conflicts), *(one.name for one in rules.confusable)}
        names |= {column for field in entity.golden.fields for column in (field.name, *field.columns)}
    return {name.replace("_", " ") for name in names}


def _message(message: Any, path: Path) -> Message:
    said, plural = message[:2] if isinstance(message, tuple) else (message, None)
    return Message(said, plural, path.relative_to(ROOT).as_posix())


def _texts(value: Any, key: str) -> Iterator[str]:
    """The sentences anywhere in a document."""
    if isinstance(value, dict):
        for name, held in value.items():
            yield from _texts(held, str(name))
    elif isinstance(value, list):
        for held in value:
            yield from _texts(held, key)
    elif isinstance(value, str) and key in SAID:
        yield value


def catalogue(messages: Iterator[Message], before: Catalog | None, language: str) -> Catalog:
    """The catalogue of these messages, with the translations of the one before."""
    # The header tells no day, so that the same messages are the same bytes.
    day = datetime(2026, 1, 1, tzinfo=UTC)
    made = Catalog(language, project="dq_pipeline", creation_date=day, revision_date=day, fuzzy=False)
    for message in messages:
        old = before.get(message.said) if before else None
        string = old.string if old and old.id == message.key else None
        made.add(message.key, string, locations=[(message.file, 0)])
    return made


def as_bytes(made: Catalog) -> bytes:
    """A catalogue as the text of a PO file."""
    stream = BytesIO()
    write_po(stream, made, width=0, include_lineno=False)
    return stream.getvalue()


def untranslated(made: Catalog) -> list[str]:
    """The messages of a catalogue that lack a translation, or a plural of it."""
    lacking = []
    for message in made:
        strings = [message.string] if isinstance(message.string, str) else list(message.string or [""])
        if message.id and not all(strings):
            lacking.append(message.id if isinstance(message.id, str) else message.id[0])
    return lacking


def catalogues() -> Iterator[tuple[Path, Catalog]]:
    """Every file of translations and what it should hold now."""
    for language in LANGUAGES[1:]:
        for folder, messages in ((OURS, engine_messages()), (THEIRS, project_messages())):
            path = folder / f"{language}.po"
            yield path, catalogue(messages, read_catalogue(path, language) if path.exists() else None, language)


def main() -> int:
    """Write the catalogues anew and say what is not translated."""
    missing = 0
    for path, made in catalogues():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_bytes(made))
        lacking = untranslated(made)
        missing += len(lacking)
        print(f"{path.relative_to(ROOT)}: {len(made):,} messages, {len(lacking):,} without translation")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
