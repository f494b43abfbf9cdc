"""Whatever is in a CSV file: both readers give the same rows and lines, and no line that says anything is lost."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dq_pipeline.config import Format
from dq_pipeline.extracts.delimited import read_carefully, read_fast
from dq_pipeline.extracts.inputs import in_place
from dq_pipeline.extracts.plain import PlainFile, make_plain
from dq_pipeline.warehouse import Warehouse
from tests.unit.landing_case import contract, nothing_is_lost

FORMS = st.sampled_from(
    [
        Format(),
        Format(header=False),
        Format(skip_lines=1),
        Format(escape="\\"),
        Format(escape=""),
        Format(quote="'", escape="'", delimiter=";"),
        Format(quote="", escape=""),
        Format(delimiter="\t"),
    ]
)
# Mostly what means something to a reader, so that few letters make many collisions.
PIECES = st.sampled_from(
    ['"', "'", ",", ";", "\t", "\n", "\r\n", "\r", "\\", " ", "a", "b1", "é", "\ufeff", "\0", '""', ","]
)
CONTENT = st.lists(PIECES, max_size=40).map("".join)
ROWS = st.lists(
    st.tuples(*[st.sampled_from(["", "x", '"y"', '"a,b"', '"q""r"', '"l\nm"', " z ", 'i"n', '" s"', "é"])] * 2),
    max_size=8,
).map(lambda rows: "a,b\n" + "".join(f"{left},{right}\n" for left, right in rows))
WIDTH = st.integers(1, 3)
WAREHOUSE = Warehouse(threads=1)


def read_both(content: bytes, form: Format, width: int) -> None:
    names = [f"n{index}" for index in range(width)]
    with TemporaryDirectory() as name:
        path = Path(name) / "x.csv"
        path.write_bytes(content)
        plain = make_plain(contract(names, format=form.model_dump()), in_place(path), Path(name))
        if not isinstance(plain, PlainFile):
            # Empty, or it begins as a packed file or UTF-16 does.
            assert not content or "this is " in plain.message
            return
        is_fast = plain.is_clean_text and read_fast(WAREHOUSE, path, form, names, plain.lines, "raw.fast")
        read_carefully(WAREHOUSE, path, form, names, "raw.careful", "raw.aside")
    careful = WAREHOUSE.rows("select line_number, * exclude (line_number) from raw.careful order by line_number")
    aside = WAREHOUSE.rows("select line_number, text from raw.aside order by line_number")
    if is_fast:
        assert (
            WAREHOUSE.rows("select line_number, * exclude (line_number) from raw.fast order by line_number") == careful
        )
        assert aside == []
    nothing_is_lost(content, form, careful, [line for line, _ in aside])


@settings(max_examples=250, deadline=None)
@given(CONTENT, FORMS, WIDTH)
@example("\na,b\n1,2\n", Format(), 2)
@example("a,b\n1,2,\n", Format(), 2)
@example('a,b\n "1" ,2\n', Format(), 2)
@example("a\n1\r2\n\n", Format(), 1)
@example('a,b\n1,"x\n2,y\n3,z",\n4,5\n', Format(), 2)
@example('"a\nx",b\n1,2\n', Format(), 2)
@example("a,b\nC:\\d,2\n", Format(escape="\\"), 2)
@example("\ufeff\ufeffa,b\n1,2\n", Format(), 2)
def test_any_text(content: str, form: Format, width: int) -> None:
    read_both(content.encode("utf-8"), form, width)


@settings(max_examples=150, deadline=None)
@given(ROWS, st.sampled_from(["\n", "\r\n"]))
def test_plausible_files(content: str, line_end: str) -> None:
    read_both(content.replace("\n", line_end).encode(), Format(), 2)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), WIDTH)
def test_any_bytes(content: bytes, width: int) -> None:
    read_both(content, Format(header=False), width)
