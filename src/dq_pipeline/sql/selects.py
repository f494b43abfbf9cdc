"""The engine's own SELECTs: one a file, its path its table, as in a project's `pipelines/sql`."""

import re
from collections.abc import Sequence
from importlib.resources import files

# `name, -- what it is` or `… as name -- what it is` at the end of a line: the remark is the column's comment.
_STRING = re.compile(r"'(?:[^']|'')*'")
_COLUMN_REMARK = re.compile(r"""(?:^|[\s.])"?(?P<name>[a-z_][a-z0-9_]*)"?,?\s*--\s*(?P<remark>\S.*)$""")


def engine_select(state: str, name: str) -> str:
    """The engine's SELECT for `<state>.<name>`."""
    return files("dq_pipeline.sql").joinpath(state, f"{name}.sql").read_text(encoding="utf-8").strip().rstrip(";")


def union_of(selects: Sequence[str], columns: str) -> str:
    """All SELECTs as one, columns matched by name; where there are none, no row of `columns`, e.g. `a varchar, b date`.

    A project that resolves nothing yet has sources and no entity.
    """
    if selects:
        return "\nunion all by name\n".join(selects)
    typed = (column.split() for column in columns.split(","))
    return f"select {', '.join(f'cast(null as {kind}) as {name}' for name, kind in typed)} where false"


def comments(select: str) -> tuple[str, dict[str, str]]:
    """What a SELECT's remarks say: of its table (the comment lines that begin it), and of its columns, name -> text.

    A column's remark stands at the end of the line that names it; where several lines do, the last one counts.
    """
    lines = select.strip().splitlines()
    head: list[str] = []
    for line in lines:
        if not line.startswith("--"):
            break
        head.append(line.removeprefix("--").strip())
    # A string may hold `--`, and a line that is a comment and nothing else names no column.
    code = (line for line in lines[len(head) :] if not line.lstrip().startswith("--"))
    found = (_COLUMN_REMARK.search(_without_strings(line)) for line in code)
    return " ".join(head), {match["name"]: match["remark"].strip() for match in found if match}


def _without_strings(line: str) -> str:
    """The line with '' for each string in its code; its remark, which may have apostrophes, stays as it is."""
    shown, position = "", 0
    for string in _STRING.finditer(line):
        if "--" in line[position : string.start()]:
            break
        shown, position = shown + line[position : string.start()] + "''", string.end()
    return shown + line[position:]
