"""The project's YAML: every mistake is one message with file, line and field."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.config import Source, load_project, read_yaml
from dq_pipeline.config.loading import TAKEN_TABLES
from dq_pipeline.errors import ConfigError
from tests.conftest import CHECKOUT
from tests.unit.landing_case import contract

GOOD = """name: s
title: S
owner: sales
touchpoint: web
location: {path: x.csv}
key: [id]
columns:
  id:
  amount: decimal
"""


def read(tmp_path: Path, text: str | bytes) -> Source:
    path = tmp_path / "s.yml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_yaml(path, Source)


def test_short_columns(tmp_path: Path) -> None:
    source = read(tmp_path, GOOD)
    assert {name: column.type for name, column in source.columns.items()} == {"id": "text", "amount": "decimal"}


WRONG: list[tuple[str, str | bytes, str, str]] = [
    ("unknown field", GOOD + "colour: red\n", "line 10", "colour: is not a known field"),
    ("unknown field within", GOOD + "rows:\n  mni: 1\n", "line 11", "rows.mni: is not a known field"),
    ("wrong type", GOOD.replace("decimal", "money"), "line 9", "columns.amount.type"),
    ("missing field", GOOD.replace("title: S\n", ""), "line 1", "title: field required"),
    ("key without column", GOOD.replace("[id]", "[nr]"), "line 1", "column 'nr' is named but not declared"),
    ("a negative number", GOOD + "rows: {min: -1}\n", "line 10", "rows.min"),
    ("a list for a mapping", GOOD.replace("{path: x.csv}", "[x.csv]"), "line 5", "location"),
    ("engine's column", GOOD + "  record_id:\n", "line 1", "'record_id' cannot be used"),
    ("engine's column, capitals", GOOD + "  Record_ID:\n", "line 1", "'Record_ID' cannot be used"),
    ("names that differ in case", GOOD + "  ID:\n", "line 1", "'ID' is declared twice"),
    ("engine's table", GOOD.replace("name: s", "name: unparsed"), "line 1", "'unparsed' is the name of a table"),
    ("no identifier", GOOD.replace("name: s", "name: S-1"), "line 1", "name"),
    ("a table in the name", GOOD.replace("name: s", 'name: "x; drop table y"'), "line 1", "name"),
    ("encoding", GOOD + "format:\n  encoding: klingon\n", "line 11", "'klingon' is no text encoding"),
    ("encoding of bytes", GOOD + "format:\n  encoding: hex\n", "line 11", "'hex' is no text encoding"),
    ("delimiter is quote", GOOD + "format: {delimiter: '\"'}\n", "line 10", "delimiter must differ from quote"),
    ("delimiter is a line end", GOOD + 'format: {delimiter: "\\n"}\n', "line 10", "must not be a line end"),
    ("delimiter of two letters", GOOD + "format: {delimiter: '||'}\n", "line 10", "format.delimiter"),
    ("written twice", GOOD + "title: again\n", "line 10, column 1", "'title' is written twice"),
    ("written twice within", GOOD + "  id: text\n", "line 10, column 3", "'id' is written twice"),
    ("no YAML", GOOD + "rows: [\n", "line 11", "not valid YAML"),
    ("tab", GOOD + "rows:\n\tmin: 1\n", "line 11", "not valid YAML"),
    ("alias", GOOD + "rows: &r {min: 1}\nfreshness: *r\n", "line 11", "aliases"),
    ("an object", GOOD + "rows: !!python/object/apply:os.system [ls]\n", "line 10", "not valid YAML"),
    ("no date", GOOD + "owner2: 2026-13-45\n", "line 10", "not valid YAML: month must be in 1..12"),
    ("two documents", GOOD + "---\nname: t\n", "line 10", "not valid YAML"),
    ("empty", "", "line 1", "the file"),
    ("a list", "- a\n- b\n", "line 1", "the file"),
    ("a word", "hello", "line 1", "the file"),
    ("control characters", GOOD + "x: \x07\n", "s.yml", "not valid YAML"),
    ("latin-1", "name: é\n".encode("latin-1"), "s.yml", "cannot be read"),
    ("deep", "[" * 5_000, "s.yml", "not valid YAML"),
    ("large", "# " + "x" * 1_000_001, "s.yml", "over 1,000,000 bytes"),
    ("a key that is a list", GOOD + "? [a, b]\n: 1\n", "line 10", "not valid YAML"),
]


@pytest.mark.parametrize(("name", "text", "where", "message"), WRONG, ids=[case[0] for case in WRONG])
def test_a_mistake_names_its_line(tmp_path: Path, name: str, text: str | bytes, where: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert caught.value.exit_code == 2
    assert where in str(caught.value.where), name
    assert message in str(caught.value), name


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, GOOD.replace("title: S", "titel: S") + "rows: {min: few}\n")
    assert "title: field required" in str(caught.value)
    assert "line 2: titel: is not a known field" in str(caught.value)
    assert "line 10: rows.min" in str(caught.value)


def test_a_file_that_is_missing_or_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yml", tmp_path):
        with pytest.raises(ConfigError):
            read_yaml(path, Source)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "UTF-8", "latin-1", "cp1252", "utf-16", "utf-16-le", "shift_jis", "ascii"]
)
def test_encodings_that_are_known(encoding: str) -> None:
    assert contract(format={"encoding": encoding}).format.encoding == encoding


NIGHTLY, ORDERS = "pipelines/nightly.yml", "pipelines/sources/orders.yml"
CUSTOMER = "pipelines/entities/customer.yml"
REFERENCES: list[tuple[str, str, str, str, str]] = [
    ("unknown owner", ORDERS, "owner: sales", "owner: slaes", "'slaes' is no owner; known: "),
    ("unknown source", CUSTOMER, "sources: [crm_", "sources: [cmr_", "'cmr_customers' is no source"),
    ("source twice", NIGHTLY, "  - orders\n", "  - orders\n  - orders\n", "sources: 'orders' is written twice"),
    ("table twice", NIGHTLY, "  - product\n", "  - product\n  - product\n", "mastered: 'product' is written twice"),
    ("a view that is a table", NIGHTLY, "  - customer_360", "  - orders", "views: 'orders' is written twice"),
    ("engine's table", NIGHTLY, "  - household\n", "  - xref\n", "'xref' is the name of a table"),
    ("review table", NIGHTLY, "  - household\n", "  - judged_marks\n", "'judged_marks' is the name of a"),
    ("engine's view", NIGHTLY, "  - customer_360\n", "  - resolve\n", "'resolve' is the name of a table"),
    ("entity's table", NIGHTLY, "  - household\n", "  - customer_golden\n", "'customer_golden' is the name of a"),
    ("prefix twice", CUSTOMER, "id_prefix: CUS", "id_prefix: ADR", "id_prefix: ADR is that of"),
    ("name and file differ", ORDERS, "name: orders", "name: order", "make both equal"),
    ("file missing", NIGHTLY, "  - orders\n", "  - ordres\n", "the file is missing"),
    ("issue twice", "pipelines/issues.yml", "code: V02", "code: V01", "V01 over_allocated is declared twice"),
    ("golden field twice", CUSTOMER, "{name: phone,", "{name: email,", "'email' is taken twice"),
    ("too early", CUSTOMER, "entity: address", "entity: household", "is no entity resolved before"),
]  # fmt: skip


def test_no_table_of_the_engine_can_be_named_by_a_project() -> None:
    source = CHECKOUT / "src/dq_pipeline"
    made = {path.stem for path in (source / "sql/mastered").glob("*.sql")}
    for path in source.rglob("*.py"):
        made |= set(re.findall(r'"mastered\.([a-z_]+)"', path.read_text(encoding="utf-8")))
    assert len(made) > 20
    assert made <= TAKEN_TABLES


@pytest.mark.parametrize(("name", "file", "old", "new", "message"), REFERENCES, ids=[case[0] for case in REFERENCES])
def test_names_that_do_not_fit_together(tmp_path: Path, name: str, file: str, old: str, new: str, message: str) -> None:
    shutil.copytree(CHECKOUT / "pipelines", tmp_path / "pipelines")
    path = tmp_path / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_project(tmp_path)
    assert message in str(caught.value), name


def test_the_project_file_is_found_or_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no project here"):
        load_project(tmp_path)
    shutil.copytree(CHECKOUT / "pipelines", tmp_path / "pipelines")
    assert load_project(tmp_path).settings.name == "nightly"
    assert load_project(tmp_path / "pipelines/nightly.yml").settings.name == "nightly"
    shutil.copy(tmp_path / "pipelines/nightly.yml", tmp_path / "pipelines/weekly.yml")
    with pytest.raises(ConfigError, match=r"several project files: nightly\.yml, weekly\.yml"):
        load_project(tmp_path)


def test_values_are_frozen() -> None:
    source: Any = contract()
    with pytest.raises(ValueError, match="frozen"):
        source.name = "other"
