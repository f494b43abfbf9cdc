"""People who were erased are known again by their hashes in every form of extract, and nobody else is."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pandas as pd
import pytest

from dq_pipeline.config import Source
from dq_pipeline.errors import Breach, ConfigError
from dq_pipeline.extracts.inputs import InputFile
from dq_pipeline.extracts.people import Mark, account_marks, create_known, find_changes, marks_of
from dq_pipeline.extracts.suppressing import (
    COLUMNS,
    Cleaner,
    add_marks,
    fetch_all,
    key_id,
    opened,
    read_key,
    read_marks,
)
from tests.unit.landing_case import DAY, contract

KEY = "k" * 64
WHO = {"account": "id", "name": "name", "email": "email", "phone": "phone", "birth_date": "born"}
WHO |= {"line": "street", "postal_code": "zip"}
NAMES = ("id", "name", "email", "phone", "born", "street", "zip", "total")
ALMA = ("1", "Alma Reyes", "Alma.Reyes@gmail.com", "615-244-3817", "1984-03-12", "412 Willow Creek Rd", "37203", "10.5")
OTHER = ("2", "Bo Okafor", "bo@shop.org", "615-347-2290", "1979-07-30", "88 Harding Pl", "37205", "7")


def source_of(**more: Any) -> Source:
    return contract(NAMES, **{"people": [WHO]} | more)


@pytest.fixture
def cleaner(tmp_path: Path) -> Iterator[Cleaner]:
    project: Any = SimpleNamespace(settings=SimpleNamespace(resources=SimpleNamespace(memory_limit=None, threads=1)))
    (tmp_path / "scratch").mkdir()
    with opened(project, KEY, (), tmp_path / "scratch") as one:
        yield one


def written(folder: Path, rows: list[tuple[str, ...]], name: str = "x.csv") -> InputFile:
    path = folder / name
    path.write_text("\n".join(",".join(row) for row in [NAMES, *rows]) + "\n", encoding="utf-8")
    return InputFile(path, name, str(path))


def learn_alma(cleaner: Cleaner, folder: Path) -> list[Mark]:
    """The hashes of the first row, made known."""
    assert not isinstance(cleaner.look(source_of(), written(folder, [ALMA]), DAY), Breach)
    find_changes(cleaner.warehouse, source_of(), ["1"])
    marks = marks_of(cleaner.warehouse, "e") | account_marks(cleaner.warehouse, "e", {"s": ["1"]})
    create_known(cleaner.warehouse, marks)
    return sorted(marks, key=lambda mark: mark.kind)


def row(**changed: str) -> tuple[str, ...]:
    """Alma's row with another account number, and what else differs."""
    return tuple(({**dict(zip(NAMES, ALMA, strict=True)), "id": "9"} | changed).values())


NEAR = {"email": "", "phone": "", "born": "", "street": "", "zip": ""}


@pytest.mark.parametrize(
    ("given", "is_hers"),
    [
        (row(id="1", **dict.fromkeys(NAMES[1:7], "")), True),
        (row(**NEAR | {"name": "REYES,Alma".replace(",", " "), "email": "almareyes@gmail.com"}), True),
        (row(**NEAR | {"phone": "(615) 244 3817"}), True),
        (row(**NEAR | {"born": "03/12/1984"}), True),
        (row(**NEAR | {"name": "", "email": "alma.reyes@gmail.com"}), True),
        (row(**NEAR), False),
        (row(**NEAR | {"name": "Rafael Reyes", "email": "alma.reyes@gmail.com"}), False),
        (row(**NEAR | {"name": "Rafael Reyes", "phone": "615-244-3817"}), False),
        (row(born="1999-01-01"), False),
        (row(**NEAR | {"street": "412 willow creek rd.", "zip": "37203-1111"}), False),
        (row(**NEAR | {"id": "", "street": "412 willow creek rd.", "zip": "37203-1111"}), True),
    ],
)
def test_who_is_taken_for_the_person(cleaner: Cleaner, tmp_path: Path, given: tuple[str, ...], is_hers: bool) -> None:
    learn_alma(cleaner, tmp_path)
    assert not isinstance(cleaner.look(source_of(), written(tmp_path, [OTHER, given]), DAY), Breach)
    assert find_changes(cleaner.warehouse, source_of()).dropped == (frozenset({3}) if is_hers else frozenset())


def test_a_hash_says_nothing_without_the_key(cleaner: Cleaner, tmp_path: Path) -> None:
    marks = learn_alma(cleaner, tmp_path)
    assert [mark.kind for mark in marks] == [
        *("account", "birth", "email", "name_birth", "name_email", "name_phone", "name_place", "phone"),
    ]
    cleaner.warehouse.execute("set variable suppression_key = 'another'")
    find_changes(cleaner.warehouse, source_of(), ["1"])
    assert not {mark.hash for mark in marks} & {mark.hash for mark in marks_of(cleaner.warehouse, "e")}


def test_another_row_of_a_csv_stays_byte_for_byte(cleaner: Cleaner, tmp_path: Path) -> None:
    learn_alma(cleaner, tmp_path)
    form = {"delimiter": ";", "encoding": "latin-1"}
    head = "id;name;email;phone;born;street;zip;total\r\n"
    kept = '2;"Zoë ""Bo"" Okafor";bo@shop.org;;;"88 Harding Pl;\r\nUnit 2";37205;7\r\n'
    hers = '3;"Alma\r\nReyes";alma.reyes@gmail.com;;;;;5\r\n'
    (tmp_path / "x.csv").write_bytes((head + kept + hers + kept.replace("2;", "4;", 1)).encode("latin-1"))
    file = InputFile(tmp_path / "x.csv", "x.csv", "x")
    made = cleaner.clean(source_of(format=form), file, tmp_path / "snapshots", DAY)
    assert isinstance(made, InputFile)
    assert made.suppressed == 1
    assert made.path.read_bytes() == (head + kept + kept.replace("2;", "4;", 1)).encode("latin-1")
    blanked = cleaner.clean(
        source_of(format=form, people=[{"name": "name", "email": "email"}], erased="blanked"), file, tmp_path, DAY
    )
    assert isinstance(blanked, InputFile)
    assert blanked.path.read_bytes() == (head + kept + "3;;;;;;;5\r\n" + kept.replace("2;", "4;", 1)).encode("latin-1")


@pytest.mark.parametrize("erased", ["dropped", "blanked"])
@pytest.mark.parametrize("form", ["parquet", "jsonl", "excel"])
def test_every_form_of_extract(cleaner: Cleaner, tmp_path: Path, form: str, erased: str) -> None:
    learn_alma(cleaner, tmp_path)
    frame = pd.DataFrame([OTHER, row(), OTHER], columns=list(NAMES))
    frame["nickname"] = ["Bob", "Ali Reyes", "Bob"]
    path = tmp_path / {"parquet": "x.parquet", "jsonl": "x.jsonl", "excel": "x.xlsx"}[form]
    if form == "parquet":
        frame.to_parquet(path)
    elif form == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_excel(path, index=False)
    people = [WHO if erased == "dropped" else {name: column for name, column in WHO.items() if name != "account"}]
    source = contract(NAMES, people=people, erased=erased, format={"type": form}, extra_columns="ignore")
    made = cleaner.clean(source, InputFile(path, path.name, str(path)), tmp_path / "snapshots", DAY)
    assert isinstance(made, InputFile)
    read: dict[str, Any] = {
        "parquet": pd.read_parquet,
        "jsonl": lambda path: pd.DataFrame([json.loads(line) for line in path.read_text().splitlines()]),
        "excel": lambda path: pd.read_excel(path, dtype=str),
    }
    left = read[form](made.path)
    assert list(left.columns) == [*NAMES, "nickname"]
    assert set(left["nickname"].dropna()) == {"Bob"}
    assert list(left["id"]) == (["2", "2"] if erased == "dropped" else ["2", "9", "2"])
    assert list(left[left["id"] == "9"]["total"]) == ([] if erased == "dropped" else ["10.5"])
    assert "reyes" not in str(left.to_dict()).lower()
    if form == "excel":
        assert openpyxl.load_workbook(made.path).sheetnames == ["Sheet1"]


def test_a_line_that_cannot_be_read_and_names_the_person_goes(cleaner: Cleaner, tmp_path: Path) -> None:
    learn_alma(cleaner, tmp_path)
    file = written(tmp_path, [OTHER, ("5", "call Alma <alma.reyes@gmail.com>"), ("6", "615.244.3817"), ("7", "bad")])
    made = cleaner.clean(source_of(), file, tmp_path / "snapshots", DAY)
    assert isinstance(made, InputFile)
    assert made.path.read_text(encoding="utf-8").splitlines() == [",".join(NAMES), ",".join(OTHER), "7,bad"]


def test_nothing_of_the_person_is_left_where_an_extract_arrived(tmp_path: Path, cleaner: Cleaner) -> None:
    marks = learn_alma(cleaner, tmp_path)
    project = project_of(tmp_path)
    add_marks(project, marks, read_key(project, make=True), DAY)
    (tmp_path / "suppressions.key").write_text(KEY, encoding="ascii")
    project.suppressions_path.unlink()
    add_marks(project, marks, KEY, DAY)
    written(tmp_path, [OTHER, ALMA])
    (tmp_path / "snapshots/.arriving").mkdir(parents=True)
    (tmp_path / "snapshots/.arriving/left").write_text("Alma Reyes", encoding="utf-8")
    (taken,) = fetch_all(project, DAY, tmp_path / "snapshots")["s"]
    assert isinstance(taken, InputFile)
    assert (taken.suppressed, [path.name for path in (tmp_path / "snapshots").iterdir()]) == (1, [taken.path.name])
    assert b"Reyes" not in taken.path.read_bytes()
    written(tmp_path, [OTHER])
    (again,) = fetch_all(project, DAY, tmp_path / "snapshots")["s"]
    assert isinstance(again, InputFile)
    assert (again.suppressed, again.sha256) == (0, taken.sha256)


def project_of(folder: Path) -> Any:
    resources = SimpleNamespace(memory_limit=None, threads=1)
    return SimpleNamespace(
        root=folder,
        data=folder,
        sources=(source_of(),),
        settings=SimpleNamespace(resources=resources),
        suppressions_path=folder / "suppressions.csv",
    )


def test_without_their_key_suppressions_stop_the_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DQ_SUPPRESSION_KEY", raising=False)
    project = project_of(tmp_path)
    key = read_key(project, make=True)
    assert (tmp_path / "suppressions.key").stat().st_mode & 0o777 == 0o600
    mark = Mark("e", "email", "ab")
    assert (add_marks(project, [mark], key, DAY), add_marks(project, [mark], key, DAY)) == (1, 0)
    assert read_marks(project) == [mark]
    (tmp_path / "suppressions.key").unlink()
    with pytest.raises(ConfigError, match="key of the suppressions is missing"):
        fetch_all(project, DAY, tmp_path / "snapshots")
    monkeypatch.setenv("DQ_SUPPRESSION_KEY", "x" * 32)
    with pytest.raises(ConfigError, match=r"line 2: the suppression was made with another key"):
        read_marks(project)
    monkeypatch.setenv("DQ_SUPPRESSION_KEY", "short")
    with pytest.raises(ConfigError, match="too short"):
        read_key(project)


@pytest.mark.parametrize("text", ["a,b\n", ",".join(COLUMNS) + "\ne,email,,k,2026-11-20\n"])
def test_a_damaged_file_of_suppressions_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "suppressions.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"suppressions\.csv"):
        read_marks(project_of(tmp_path))


def test_a_key_is_told_apart_without_telling_it() -> None:
    assert key_id(KEY) != key_id("j" * 64)
    assert key_id(KEY) not in KEY


@pytest.mark.parametrize(
    ("people", "fault"),
    [
        ([{"email": "email"}], "recognized by an account or a name"),
        ([{"name": "name", "line": "street"}], "`line` and `postal_code` together"),
        ([{"name": "nobody"}], "'nobody' is named but not declared"),
    ],
)
def test_a_contract_says_whom_its_rows_speak_of(people: list[dict[str, str]], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        contract(NAMES, people=people)
    with pytest.raises(ValueError, match="part of the key: it cannot be blanked"):
        contract(NAMES, people=[WHO], erased="blanked")
