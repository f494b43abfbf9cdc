"""Every error says what to do next, and none quotes a value of somebody's row."""

import ast

import pytest

from dq_pipeline.errors import Breach, DqError, StageError
from dq_pipeline.warehouse import Warehouse
from tests.test_architecture import MODULES, SOURCE

ERRORS = {"DqError", "StageError", "ConfigError", "BreachError", "LockError"}
# An error of an earlier run, read from its manifest: its text has the remedy in it.
EXEMPT = {"reporting.py: DqError(manifest['error'])"}


def test_every_error_names_a_next_step() -> None:
    found, without = 0, []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
                found += 1
                if not any(keyword.arg == "remedy" for keyword in node.keywords):
                    without.append(f"{path.relative_to(SOURCE)}: {ast.unparse(node)}")
    assert found > 100
    assert sorted({*without} - EXEMPT) == []


def test_the_remedy_is_part_of_what_is_printed() -> None:
    assert str(DqError("it is wrong", where="a.yml", remedy="mend it")) == "a.yml: it is wrong\n  What to do: mend it"


@pytest.mark.parametrize(
    "query",
    [
        "select cast(name as integer) from people",
        "select strptime(name, '%Y') from people",
        "insert into people select name from people",
        "select enum_range(cast(name as mood)) from people",
    ],
)
def test_a_failing_query_names_nobody(query: str) -> None:
    warehouse = Warehouse()
    warehouse.execute("create type mood as enum ('good')")
    warehouse.execute("create table people (name varchar primary key)")
    warehouse.execute("insert into people values (?)", ["Wilhelmina 'Billie' O\"Brien"])
    with pytest.raises(StageError) as error:
        warehouse.rows(query)
    warehouse.close()
    for part in ("Wilhelmina", "Billie", "Brien"):
        assert part not in str(error.value)
    assert "What to do:" in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("as it is: ñ 你 🙂\n\tnext", "as it is: ñ 你 🙂\n\tnext"),
        (b"no\x8butf-8".decode("utf-8", "surrogateescape"), r"no\udc8butf-8"),
        ("\x1b]0;title\x07 \x9b31m \r\x00", r"\x1b]0;title\x07 \x9b31m \x0d\x00"),
    ],
)
def test_a_sentence_can_be_written_and_commands_no_terminal(text: str, said: str) -> None:
    breach = Breach("gate", text, text, text)
    assert (breach.where, breach.message, breach.remedy) == (said, said, said)
    assert str(StageError(text, where=text, remedy=text)) == f"{said}: {said}\n  What to do: {said}"
