"""Catalogues: complete, up to date, faithful to what stands open in a sentence; and sentences known again."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from dq_pipeline.errors import ConfigError
from dq_pipeline.language import speak
from dq_pipeline.language.catalogue import OURS, read_catalogue, said
from dq_pipeline.language.sentences import Sentences
from dq_pipeline.language.terms import TERMS
from tests.conftest import CHECKOUT
from tools.messages import as_bytes, catalogues, untranslated

MADE = list(catalogues())
THEIRS = CHECKOUT / "pipelines/locale"
_OPEN = re.compile(r"%\(\w+\)s|\{\w+\}|%%|</?code>|`[^`]+`")


def messages(made: Catalog) -> list[Message]:
    return [message for message in made if message.id]


@pytest.mark.parametrize(("path", "made"), MADE, ids=[str(path.relative_to(CHECKOUT)) for path, _ in MADE])
def test_a_catalogue_holds_what_is_said_and_all_of_it_is_translated(path: Path, made: Catalog) -> None:
    assert path.read_bytes() == as_bytes(made), "run `python -m tools.messages`"
    assert untranslated(made) == []
    assert [message.id for message in messages(read_catalogue(path, "es")) if message.fuzzy] == []


@pytest.mark.parametrize(("path", "made"), MADE, ids=[str(path.relative_to(CHECKOUT)) for path, _ in MADE])
def test_a_translation_has_what_stands_open_in_the_sentence(path: Path, made: Catalog) -> None:  # noqa: ARG001
    wrong = []
    for message in messages(made):
        ids, strings = ([value] if isinstance(value, str) else list(value) for value in (message.id, message.string))
        # A singular may say one instead of its number.
        expected = sorted(set(_OPEN.findall(ids[-1])))
        if any(sorted(set(_OPEN.findall(string))) != expected for string in strings[-1:]):
            wrong.append((ids[-1], strings))
        if set(_OPEN.findall(strings[0])) - set(expected):
            wrong.append((ids[0], strings))
    assert wrong == []


def gates() -> set[str]:
    """The names by which breaches are told, as far as they stand in the source."""
    found = set()
    for path in (CHECKOUT / "src/dq_pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_breach = isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Breach", "_breach"}
            if is_breach and node.args and isinstance(node.args[0], ast.Constant):
                found.add(str(node.args[0].value))
    return found


def test_every_gate_has_its_words() -> None:
    assert len(gates()) > 15
    assert {gate.replace("_", " ") for gate in gates()} - set(TERMS) == set()


def test_every_sentence_is_known_again_by_its_own_pattern() -> None:
    translations: dict[str, str] = {}
    for path in (OURS / "es.po", THEIRS / "es.po"):
        translations |= said(read_catalogue(path, "es"))
    known = Sentences(translations, lambda value: value)
    wrong = []
    for pattern in known.patterns:
        values = {name: f"Z{number}" for number, name in enumerate(re.findall(r"\{(\w+)\}", pattern.english))}
        sentence = pattern.english.format(**values)
        other = pattern.filled(values)
        if known.say(sentence) != other:
            wrong.append((sentence, known.say(sentence), other))
    assert wrong == []


def test_values_in_a_sentence_are_written_as_the_language_does() -> None:
    spanish = Sentences({"{a} of {b} rows": "{a} de {b} filas", "since {day}": "desde el {day}"}, str.upper)
    assert spanish.say("x of y rows") == "X de Y filas"
    convert = speak("es")
    assert convert.number(1234567.5, 2) == "1.234.567,50"
    assert convert.day("2026-11-20") == "20 nov 2026"
    assert speak("en").day("2026-11-20") == "2026-11-20"
    assert speak("en").number(1234567.5, 1) == "1,234,567.5"


def test_a_sentence_may_hold_another() -> None:
    spanish = Sentences({"ask {owner}": "pida a {owner}", "{remedy}, or raise it": "{remedy}, o súbalo"}, str)
    assert spanish.say("ask sales, or raise it") == "pida a sales, o súbalo"


def test_the_pattern_that_says_more_wins() -> None:
    spanish = Sentences({"order {a}": "pedido {a}", "order {a} is late": "el pedido {a} va con retraso"}, str)
    assert spanish.say("order 7 is late") == "el pedido 7 va con retraso"
    assert spanish.say("order 7") == "pedido 7"
    assert spanish.say("nothing of the kind") is None


def test_quantities_and_days_are_converted_and_names_are_not() -> None:
    language = speak("es", (THEIRS,))
    told = language.say("neither changed nor ordered nor spoken to since 2022-10-03")
    assert told.endswith("3 oct 2022")
    assert "SKU-9484" in language.say("the inventory does not know SKU-9484")
    assert "Q1,234" not in language.say("sold 1,234, 1,000 were left")
    assert "1.234" in language.say("sold 1,234, 1,000 were left")
    assert "O0003262" in language.say("order O0003262 was not delivered")


def test_nothing_is_said_as_nothing() -> None:
    assert [speak(name).gettext("") for name in ("en", "es")] == ["", ""]


def test_english_is_left_as_it_stands() -> None:
    for sentence in ("order 7 is late", "39,670 of 1 rows", "", "two\nlines"):
        assert speak("en").say(sentence) == sentence


def test_a_catalogue_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "es.po").write_text('msgid "a"\nsaid "b"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="no catalogue of translations") as caught:
        speak("es", (tmp_path,))
    assert caught.value.where == f"{tmp_path / 'es.po'}, line 2"
    assert caught.value.remedy
