"""Remarks in a SELECT that become comments of its table and columns."""

import pytest

from dq_pipeline.sql.selects import comments, engine_select, union_of
from dq_pipeline.warehouse import Warehouse

# the SELECT's lines after its head, and what they say of columns
REMARKS: list[tuple[str, str, dict[str, str]]] = [
    ("plain", "    a, -- what it is", {"a": "what it is"}),
    ("last without comma", "    a -- what it is", {"a": "what it is"}),
    ("qualified", "    t.a, -- what it is", {"a": "what it is"}),
    ("renamed", "    t.b as a, -- what it is", {"a": "what it is"}),
    ("quoted", '    t.b as "column", -- what it is', {"column": "what it is"}),
    ("end of a case", "    end as a, -- what it is", {"a": "what it is"}),
    ("window", "    row_number() over (partition by b order by c) as a, -- what it is", {"a": "what it is"}),
    ("end of a window", "    ) as a, -- what it is", {"a": "what it is"}),
    ("dashes in a string", "    'x -- y' as a, -- what it is", {"a": "what it is"}),
    ("a word before dashes in a string", "    'b a -- y' || c as a, -- what it is", {"a": "what it is"}),
    ("a quote in a string", "    'it''s -- y' as a, -- what it is", {"a": "what it is"}),
    ("an apostrophe in the remark", "    a, -- the customer's, not ours'", {"a": "the customer's, not ours'"}),
    ("apostrophes and dashes", "    a, -- 'x' -- or 'y'", {"a": "'x' -- or 'y'"}),
    ("dashes in the remark", "    a, -- this -- and that", {"a": "this -- and that"}),
    ("no blank", "    a,--what it is", {"a": "what it is"}),
    ("a comment of its own", "    -- a -- b\n    c, -- what it is", {"c": "what it is"}),
    ("several lines name it", "    a, -- first\n    a -- second", {"a": "second"}),
    ("no remark", "    a,\n    b -- what it is", {"b": "what it is"}),
    ("an empty remark", "    a, --\n    b, --   ", {}),
    ("only a string", "    'a' -- what it is", {}),
    ("minus minus is no remark of a number", "    1 -- what it is", {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "lines", "expected"), REMARKS, ids=[case[0] for case in REMARKS])
def test_remarks(name: str, lines: str, expected: dict[str, str]) -> None:
    assert comments(f"-- One row is a thing.\nselect\n{lines}\nfrom t") == ("One row is a thing.", expected), name


@pytest.mark.parametrize(
    ("select", "head"),
    [
        ("-- One row is a thing.\n-- It has two lines.\nselect 1", "One row is a thing. It has two lines."),
        ("\n\n-- One row is a thing.\nselect 1", "One row is a thing."),
        ("select 1", ""),
        ("select 1\n-- later", ""),
        ("--One row.\n--\nselect 1", "One row. "),
    ],
)
def test_the_head_is_the_table_s_comment(select: str, head: str) -> None:
    assert comments(select)[0] == head


def test_an_engine_select_is_one_statement_without_its_end() -> None:
    assert engine_select("mastered", "xref").startswith("-- One row is ")
    assert not engine_select("mastered", "xref").endswith(";")


def test_the_union_of_nothing_has_its_columns() -> None:
    warehouse = Warehouse(threads=1)
    assert warehouse.build("raw.t", union_of([], "a varchar, b date")) == 0
    assert warehouse.columns("raw.t") == {"a": "VARCHAR", "b": "DATE"}
    assert warehouse.build("raw.t", union_of(["select 1 as a", "select 2 as b, 3 as a"], "a integer")) == 2
    warehouse.close()
