"""Catalogues of translations: gettext's PO files, the engine's own and a project's beside its sentences."""

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import Translations

from dq_pipeline.errors import ConfigError

OURS = Path(__file__).parent / "locale"


def read_catalogue(path: Path, language: str) -> Catalog:
    """A PO file. Raises ConfigError for one that is none."""
    try:
        with path.open("rb") as stream:
            return read_po(stream, locale=language, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f"{path}, line {line + 1}" if line is not None else path
        raise ConfigError(f"this is no catalogue of translations: {error}", where=where, remedy="mend it") from error


def read_catalogues(language: str, folders: Iterable[Path]) -> list[Catalog]:
    """The catalogue of the engine and those of a project's folders, as far as there are any."""
    paths = (folder / f"{language}.po" for folder in (OURS, *folders))
    return [_read(path, language, path.stat().st_mtime_ns) for path in paths if path.exists()]


@cache
def _read(path: Path, language: str, _changed: int) -> Catalog:
    return read_catalogue(path, language)


def translations_of(catalogue: Catalog) -> Translations:
    """A catalogue as gettext reads it."""
    packed = BytesIO()
    write_mo(packed, catalogue)
    packed.seek(0)
    return Translations(packed)


def said(catalogue: Catalog) -> dict[str, str]:
    """English -> translation of what has no plural; what is not translated, or only guessed, is left out."""
    return {
        message.id: message.string
        for message in catalogue
        if isinstance(message.id, str) and message.id and isinstance(message.string, str) and message.string
        if not message.fuzzy
    }
