"""The answers in docs/cookbook.md, from a published file: `python -m tools.cookbook [FILE]`.

Every block of SQL in the page is followed by a block of text with what it gives; this writes the latter.
"""

import re
import sys
from pathlib import Path
from typing import Any

from dq_pipeline.warehouse import Warehouse

TARGET = Path(__file__).parents[1] / "docs/cookbook.md"
_RECIPE = re.compile(r"```sql\n(?P<sql>.*?)```\n(?:\n```text\n.*?```\n)?", re.S)


def queries(page: str) -> list[str]:
    """The queries of a page, in order."""
    return [found["sql"] for found in _RECIPE.finditer(page)]


def answered(page: str, published: Path) -> str:
    """The page with the answers that a published file gives now."""
    reader = Warehouse(published, read_only=True)
    try:
        return _RECIPE.sub(lambda found: _block(reader, found["sql"]), page)
    finally:
        reader.close()


def _block(reader: Warehouse, sql: str) -> str:
    return f"```sql\n{sql}```\n\n```text\n{_table(reader.records(sql.strip().rstrip(';')))}\n```\n"


def _table(records: list[dict[str, Any]]) -> str:
    """Rows as text in columns; numbers to the right."""
    if not records:
        return "(no rows)"
    names = list(records[0])
    cells = [[_shown(record[name]) for name in names] for record in records]
    widths = [max(len(row[place]) for row in [names, *cells]) for place in range(len(names))]
    right = [
        all(
            record[name] is None or isinstance(record[name], int | float) or _is_decimal(record[name])
            for record in records
        )
        for name in names
    ]
    lines = [names, ["-" * width for width in widths], *cells]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _is_decimal(value: object) -> bool:
    return type(value).__name__ == "Decimal"


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value)
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"
    return " ".join(str(value).split())


if __name__ == "__main__":
    found = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("output/published/truth.duckdb")
    TARGET.write_text(answered(TARGET.read_text(encoding="utf-8"), found.resolve()), encoding="utf-8")
    print(f"wrote {TARGET}")
