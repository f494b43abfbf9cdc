"""Random bytes, and good files with random faults: each ends in rows, lines kept aside, or one clear error.

A few examples in every run of the tests, the same each time; `make fuzz` looks for new ones, as long as it is told.
"""

import bz2
import gzip
import json
import lzma
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import zstandard
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from dq_pipeline.parsing.us_address import AddressParts, parse_address
from dq_pipeline.sql import load_macros, set_run_values
from dq_pipeline.warehouse import Warehouse
from tests.hostile_files import ROWS, SHEET, zst
from tests.outcomes import told
from tests.unit.landing_case import DAY, contract, landed, nothing_is_lost

EXAMPLES = int(os.environ.get("DQ_FUZZ", "40"))
SECONDS = 30
FUZZ = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

TEXT = 'id,v\n1,a\n"2","b ""c"""\n3,é\n4,"two\nlines"\n5,\n'.encode()
LINES = "".join(json.dumps({"id": number, "v": f"é{number}"}) + "\n" for number in range(9)).encode()
PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zst,
}  # fmt: skip
# The kind of a file -> its good content, and how it is packed.
GOOD = {f"csv{suffix}": pack(TEXT) for suffix, pack in PACK.items()}
GOOD |= {f"jsonl{suffix}": pack(LINES) for suffix, pack in PACK.items()}
GOOD |= {"parquet": ROWS, "excel": SHEET}
KINDS = st.sampled_from(sorted(GOOD))


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    """A good file with a few faults: bytes flipped, written over, taken out, put in, said twice, cut off."""
    kind = draw(KINDS)
    content = bytearray(GOOD[kind])
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        end = min(place + draw(st.integers(1, 40)), len(content))
        fault = draw(st.sampled_from(["flip", "over", "out", "in", "twice", "cut"]))
        if fault == "flip" and content:
            content[place] ^= 1 << draw(st.integers(0, 7))
        elif fault == "over":
            content[place:end] = draw(st.binary(min_size=1, max_size=8))
        elif fault == "out":
            del content[place:end]
        elif fault == "in":
            content[place:place] = draw(st.one_of(st.binary(max_size=20), MARKS))
        elif fault == "twice":
            content[place:place] = content[place:end] * draw(st.integers(1, 50))
        elif fault == "cut":
            del content[place:]
    return kind, bytes(content)


MARKS = st.sampled_from(
    b'\'|"|""|,|\n|\r|\r\n|\0|\\|{|[|PAR1|\xff\xfe|\xef\xbb\xbf|\xed\xa0\x80'.split(b"|"),
)
ANY_BYTES = st.tuples(KINDS, st.one_of(st.binary(max_size=300), st.lists(MARKS, max_size=40).map(b"".join)))
CONTRACTS = st.fixed_dictionaries(
    {
        "drift": st.sampled_from(["strict", "warn", "evolve"]),
        "extra_columns": st.sampled_from(["breach", "ignore"]),
        "limits": st.sampled_from([{}, {"line_characters": 100}, {"unpacked_bytes": 200}, {"columns": 2}]),
        "columns": st.sampled_from([{"id": None, "v": None}, {"id": "integer", "v": "date"}, {"v": None}]),
    }
)
FORMATS = st.fixed_dictionaries(
    {
        "header": st.booleans(),
        "delimiter": st.sampled_from([",", ";", "\t"]),
        "quote": st.sampled_from(['"', "'", ""]),
        "escape": st.sampled_from(['"', "\\"]),
        "encoding": st.sampled_from(["utf-8", "latin-1", "cp1252", "utf-16", "shift_jis", "utf-7"]),
        "skip_lines": st.integers(0, 2),
    }
)


@contextmanager
def in_time(what: object) -> Iterator[None]:
    """Nothing takes more than half a minute."""

    def too_long(*_: Any) -> None:
        raise TimeoutError(f"not done within {SECONDS} seconds: {what!r}")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def read(kind: str, content: bytes, declared: dict[str, Any], form: dict[str, Any]) -> None:
    """Land a file; `told` asserts that what comes of it is one of the three outcomes, and no text of ours is broken."""
    name, _, packing = kind.partition(".")
    path = f"x.{name}{'.' if packing else ''}{packing}"
    more = {"type": name} | (form if name == "csv" else {})
    source = contract(**declared, format=more, location={"path": path})
    with tempfile.TemporaryDirectory() as folder, in_time((kind, content, declared, form)):
        (Path(folder) / path).write_bytes(content)
        found = landed(Path(folder), source)
        event(f"{kind}: {told(found).split(':')[0].split(' (')[0].split(' ', 1)[-1]}")
        whole = found.rows and source.format.encoding == "utf-8" and set(declared["columns"]) == {"id", "v"}
        if name == "csv" and not packing and whole and not source.format.header:
            nothing_is_lost(content, source.format, found.rows, [line for line, _, _ in found.aside])


@FUZZ
@given(file=mutated(), declared=CONTRACTS)
def test_a_good_file_with_faults(file: tuple[str, bytes], declared: dict[str, Any]) -> None:
    read(*file, declared, {})


@FUZZ
@given(content=mutated(), declared=CONTRACTS, form=FORMATS)
def test_a_file_with_faults_read_by_any_form(
    content: tuple[str, bytes], declared: dict[str, Any], form: dict[str, Any]
) -> None:
    read(*content, declared, form)


@FUZZ
@given(file=ANY_BYTES, declared=CONTRACTS, form=FORMATS)
def test_any_bytes(file: tuple[str, bytes], declared: dict[str, Any], form: dict[str, Any]) -> None:
    read(*file, declared, form)


@cache
def standardizers() -> tuple[Warehouse, list[str]]:
    """A warehouse with all macros, and the calls of those that take one text, as the engine's catalogue lists them."""
    made = Warehouse(threads=1)
    load_macros(made)
    set_run_values(made, "r1", DAY)
    names = made.rows(
        """select distinct function_name from duckdb_functions()
        where function_name like 'std\\_%' escape '\\' and parameters in (['text'], ['name'], ['line'], ['word'])
        order by function_name"""
    )
    return made, [name for (name,) in names]


WORDS = [
    "Dr",
    "O'Brien",
    "y",
    "S.A.",
    "123",
    "Main St",
    "Apt 4",
    "PO BOX",
    "N/A",
    "@",
    "x.com",
    "+1",
    "12/31/85",
    "\u202e",
]
TEXTS = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200),
    st.lists(st.sampled_from([*WORDS, "\u0301", "\u200b", "\U0001f600", ",", "#", "\n"]), max_size=30).map(" ".join),
    st.binary(max_size=60).map(lambda raw: raw.decode("latin-1").replace("\0", "")),
    st.builds(lambda word, times: word * times, st.sampled_from([*WORDS, "-", "(", "\\", "%"]), st.integers(1, 2_000)),
)


@settings(FUZZ, max_examples=max(EXAMPLES // 5, 5))
@given(texts=st.lists(TEXTS, min_size=1, max_size=20))
def test_a_standardizer_gives_one_value_for_any_text(texts: list[str]) -> None:
    warehouse, names = standardizers()
    assert len(names) > 40
    called = ", ".join(f"{name}(text) as v{place}" for place, name in enumerate(names))
    with in_time(texts):
        found = warehouse.rows(f"select {called} from (select unnest(?::varchar[]) as text)", [texts])
    assert len(found) == len(texts)
    for row, text in zip(found, texts, strict=True):
        held = [value for value in row if isinstance(value, str)]
        assert max(map(len, held), default=0) <= 4 * len(text) + 50


@FUZZ
@given(text=TEXTS)
def test_an_address_is_parsed_or_kept_whatever_it_is(text: str) -> None:
    with in_time(text):
        found = parse_address(text)
    assert isinstance(found, AddressParts)


def test_the_good_files_are_good() -> None:
    assert zstandard.ZstdDecompressor().decompress(GOOD["csv.zst"]) == TEXT
    for kind in GOOD:
        name, _, packing = kind.partition(".")
        with tempfile.TemporaryDirectory() as folder:
            path = f"x.{name}{'.' if packing else ''}{packing}"
            (Path(folder) / path).write_bytes(GOOD[kind])
            found = landed(Path(folder), contract(format={"type": name}, location={"path": path}))
        assert (len(found.rows) >= 2, found.aside, found.breaches) == (True, [], []), kind
