"""The layers hold: who may import whom, and which library stays behind which package."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src/dq_pipeline"
# Each layer may import those below it (and itself where it is a package). `sql` holds SELECTs and macros as text.
LAYERS = (
    ("__main__",),
    ("cli",),
    ("serving",),
    ("deciding",),
    ("pipeline", "training", "starting", "reviewing", "quarantining", "profiling", "reporting", "doctoring"),
    ("telling", "operating"),
    ("checking", "recording", "scheduling", "erasing"),
    ("stages", "tracing", "differing", "evaluating", "explaining", "publishing", "exporting"),
    ("run", "archive", "proposing"),
    ("extracts", "quality", "linkage", "mastering", "parsing", "scorecard", "lookup"),
    ("sql",),
    ("config", "warehouse", "sheets", "charts", "machine", "language"),
    ("errors", "private", "regular"),
)
# Within these layers modules may import each other; the domain packages meet through tables alone.
FRIENDS = ({"stages", "publishing"}, {"run", "archive"}, {"config", "warehouse"})
ONLY_IN: dict[str, str | tuple[str, ...]] = {
    "duckdb": "warehouse",
    "great_expectations": "quality",
    "splink": "linkage",
    "usaddress": "parsing",
    "click": "cli",
    "rich": "cli",
    "jinja2": ("scorecard", "scheduling"),
    "babel": "language",
    "openpyxl": "sheets",
    "altair": "charts",
    "starlette": "serving",
    "uvicorn": "serving",
    "prometheus_client": "telling",
    "openlineage": "telling",
    "fsspec": "extracts",
    "s3fs": "extracts",
    "paramiko": "extracts",
    "aiohttp": "extracts",
    "adbc_driver_postgresql": "extracts",
    "pymysql": "extracts",
}
MODULES = sorted(SOURCE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The package or module of dq_pipeline that a file belongs to."""
    relative = path.relative_to(SOURCE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_every_module_has_a_layer() -> None:
    known = {name for layer in LAYERS for name in layer}
    assert {part_of(path) for path in MODULES} - {"__init__"} == known


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_downward(path: Path) -> None:
    height = {name: index for index, layer in enumerate(LAYERS) for name in layer}
    own = part_of(path)
    if own == "__init__":
        return
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "dq_pipeline" or len(parts) < 2 or parts[1] not in height or parts[1] == own:
            continue
        friendly = any({own, parts[1]} <= friends for friends in FRIENDS)
        assert friendly or height[parts[1]] > height[own], f"{own} must not import {parts[1]}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_libraries_stay_behind_their_package(path: Path) -> None:
    for name in {name.split(".")[0] for name in imported(path)} & ONLY_IN.keys():
        owners = ONLY_IN[name] if isinstance(ONLY_IN[name], tuple) else (ONLY_IN[name],)
        assert part_of(path) in owners, f"{name} belongs into {' and '.join(owners)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_module_is_over_400_lines_and_each_says_what_it_does(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert not text.strip() or ast.get_docstring(ast.parse(text))


def test_the_engine_knows_no_source_by_name() -> None:
    project = SOURCE.parents[1] / "pipelines/sources"
    names = {path.stem for path in project.glob("*.yml")} - {"catalog", "orders", "inventory", "shipments"}
    assert names
    for path in [*MODULES, *SOURCE.rglob("*.sql")]:
        text = path.read_text(encoding="utf-8")
        assert [name for name in names if name in text.replace("crm_customers:C000017", "")] == [], path
