"""Project files that break readers of YAML, made one by one, and what `dq` says of each."""

# A table is read best where each case is a line.
# ruff: noqa: E501

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SETTINGS = """name: nightly
title: Nightly
owners: {sales: {title: Sales}}
sources: [s]
"""
SOURCE = """name: s
title: S
owner: sales
touchpoint: web
location: {path: x.csv}
key: [id]
columns:
  id:
"""
PROJECT, CONTRACT = "pipelines/nightly.yml", "pipelines/sources/s.yml"


@dataclass(frozen=True)
class ProjectCase:
    """`change` changes a good project in a folder; `outcome` is the error, without the project's folder."""

    name: str
    change: Callable[[Path], object]
    outcome: str


def written(file: str, text: str | bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_bytes(text.encode() if isinstance(text, str) else text)


def replaced(file: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
    """Something else than a file where one of the project is."""

    def change(folder: Path) -> None:
        (folder / file).unlink(missing_ok=True)
        (folder / file).parent.mkdir(exist_ok=True)
        make(folder / file)

    return change


def laughs(levels: int) -> str:
    lines = ["l0: &l0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 9)}]" for level in range(1, levels)]
    return "\n".join(lines)


def contract(name: str, text: str | bytes, outcome: str) -> ProjectCase:
    return ProjectCase(name, written(CONTRACT, text), outcome)


def settings(name: str, text: str, outcome: str) -> ProjectCase:
    return ProjectCase(name, written(PROJECT, text), outcome)


NO_YAML = f"{CONTRACT}…not valid YAML: "
PROJECT_CASES = [
    ProjectCase("a good project", lambda _: None, "read"),
    contract("a billion laughs", laughs(12), f"{CONTRACT}, line 2, column 10: not valid YAML: aliases (*name) are not…"),
    contract("a key that merges itself", SOURCE + "rows: &r\n  <<: *r\n",
             f"{CONTRACT}, line 10, column 7: not valid YAML: aliases (*name) are not used in project files"),
    contract("a megabyte and a byte", "#" * 1_000_001, f"{CONTRACT}: the file is over 1,000,000 bytes"),
    contract("a megabyte of lists in lists", "[" * 999_999, f"{CONTRACT}: not valid YAML: the text cannot be read as YAML"),
    contract("a megabyte of mappings in mappings", "{a: " * 240_000,
             f"{CONTRACT}: not valid YAML: the text cannot be read as YAML"),
    contract("5,000 unknown keys", SOURCE + "".join(f"k{number}: 1\n" for number in range(5_000)),
             f"{CONTRACT}, line 9: k0: is not a known field…"),
    contract("a number of 5,000 digits", SOURCE + "rows: {min: " + "9" * 5_000 + "}\n",
             f"{CONTRACT}, line 9, column 13: not valid YAML: Exceeds the limit (4300 digits)…"),
    contract("a number that is none", SOURCE + "rows: {min: .nan}\n", f"{CONTRACT}, line 9: rows.min: input should be…"),
    contract("an object of Python", SOURCE + "rows: !!python/object/apply:os.system [ls]\n",
             f"{CONTRACT}, line 9, column 7: not valid YAML: could not determine a constructor for the tag…"),
    contract("NUL", SOURCE.encode() + b"rows: \0\n", f"{CONTRACT}: not valid YAML…"),
    contract("UTF-16", SOURCE.encode("utf-16"), f"{CONTRACT}: the file cannot be read: 'utf-8' codec…"),
    contract("nothing", "", f"{CONTRACT}, line 1: the file: input should be a valid dictionary…"),
    contract("SQL in a source's name", SOURCE.replace("name: s", 'name: "s; drop table x"'), f"{CONTRACT}, line 1: name: …"),
    contract("2,001 columns", SOURCE + "".join(f"  c{number}:\n" for number in range(2_001)),
             f"{CONTRACT}, line 7: columns: dictionary should have at most 2000 items…"),
    contract("a limit of nothing", SOURCE + "limits: {expansion: 0}\n", f"{CONTRACT}, line 9: limits.expansion: input…"),
    settings("a source that climbs out", SETTINGS.replace("[s]", '["../../etc/passwd"]'),
             f"{PROJECT}, line 4: sources.0: string should match pattern…"),
    settings("a source by its path", SETTINGS.replace("[s]", '["/etc/passwd"]'),
             f"{PROJECT}, line 4: sources.0: string should match pattern…"),
    settings("a table that climbs out", SETTINGS + 'mastered: ["../x"]\n',
             f"{PROJECT}, line 5: mastered.0: string should match pattern…"),
    settings("SQL in a table's name", SETTINGS + 'mastered: ["x; drop table y"]\n',
             f"{PROJECT}, line 5: mastered.0: string should match pattern…"),
    ProjectCase("a pipe for a contract", replaced(CONTRACT, os.mkfifo), f"{CONTRACT}: this is a pipe, not a file"),
    ProjectCase("a device for a contract", replaced(CONTRACT, lambda path: path.symlink_to("/dev/zero")),
                f"{CONTRACT}: this is a device, not a file"),
    ProjectCase("a folder for a contract", replaced(CONTRACT, Path.mkdir), f"{CONTRACT}: this is a folder, not a file"),
    ProjectCase("a pipe for the project file", replaced(PROJECT, os.mkfifo), f"{PROJECT}: this is a pipe, not a file"),
    ProjectCase("a pipe among lookups", replaced("pipelines/lookups/x.csv", os.mkfifo),
                "pipelines/lookups/x.csv: this is a pipe, not a file"),
    ProjectCase("a pipe for a suite", replaced("expectations/s.json", os.mkfifo),
                "expectations/s.json: this is a pipe, not a file"),
]  # fmt: skip


def good_project(folder: Path) -> Path:
    """The least that a project is."""
    (folder / "pipelines/sources").mkdir(parents=True)
    (folder / PROJECT).write_text(SETTINGS, encoding="utf-8")
    (folder / CONTRACT).write_text(SOURCE, encoding="utf-8")
    return folder
