"""A project whose published files are encrypted: nights, commands and erasure with the key, and none without it."""

import os
import shutil
from pathlib import Path

import duckdb
import pytest
import yaml

from dq_pipeline import archive, warehouse
from dq_pipeline.config.encryption import KEY_FILE_VARIABLE, KEY_VARIABLE
from dq_pipeline.errors import ConfigError
from tests.conftest import Answer, call, published
from tests.read_out import read_out
from tests.scenario import NIGHTS, deliver, scenario_project, scenario_rows

KEY = "5f1c0d0f5b8e4f2a9d64c3b7a1e0f9d8"
OTHER_KEY = KEY[::-1]
KONRAD = "konrad.aldous"


def has_httpfs() -> bool:
    """Whether DuckDB can encrypt here as it does for users: with an extension that is fetched from the network."""
    try:
        duckdb.connect(":memory:").execute("load httpfs")
    except duckdb.Error:
        return False
    return True


@pytest.fixture
def cipher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extension is not to be had, DuckDB's own cipher stands for it, whose random numbers are weaker."""
    if not has_httpfs():
        monkeypatch.setattr(
            warehouse, "_load_cipher", lambda connection: connection.execute("set force_mbedtls_unsafe = 'true'")
        )


def encrypt(project: Path, *, encrypted: bool = True) -> None:
    path = project / "pipelines/nightly.yml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    # Erased, one buyer of so few is a share of all orders.
    settings["gates"]["scores"] = {}
    path.write_text(yaml.safe_dump(settings | {"permissions": {"encrypted": encrypted}}, sort_keys=False))


def run(project: Path, night: str) -> Answer:
    deliver(project, scenario_rows(night))
    return call("run", "--project", project, "--date", night)


def truth(project: Path) -> Path:
    return (project / "output/published/truth.duckdb").resolve()


def master_of(project: Path) -> str:
    reader = published(project)
    try:
        query = "select master_id from identity.xref where entity = 'customer' and record_id = 'crm_customers:C000014'"
        return str(reader.value(query))
    finally:
        reader.close()


@pytest.mark.usefixtures("cipher")
def test_two_nights_and_every_reader_with_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = scenario_project(tmp_path)
    encrypt(project)
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    for night in NIGHTS:
        answer = run(project, night)
        assert answer.code == 0, answer.text
    _is_closed(project)
    _answers(project)
    _asks_for_the_key(project, monkeypatch)
    _erased(project)
    _is_closed(project)
    for path in (path for path in (project / "output").rglob("*") if path.is_file()):
        assert KEY.encode() not in read_out(path), path


def _is_closed(project: Path) -> None:
    """Every published file says nothing of anybody without the key, and all to DuckDB with it."""
    files = list((project / "output/runs").rglob("truth.duckdb"))
    assert len(files) >= len(NIGHTS)
    for path in files:
        assert warehouse.is_encrypted(path)
        assert b"aldous" not in path.read_bytes().lower()
        with pytest.raises(duckdb.CatalogException, match="without a key"):
            duckdb.connect(str(path), read_only=True)
        with duckdb.connect(":memory:") as client:
            client.execute(f"attach '{path}' as truth (read_only, encryption_key '{KEY}')")
            assert client.execute("select count(*) from truth.master.customer").fetchall() != [(0,)]


def _answers(project: Path) -> None:
    found = call("lookup", "konrad aldous", "--project", project)
    assert found.code == 0, found.text
    assert "Konrad" in found.text
    for words in (
        ("export", "--to", project / "exported", "--format", "csv"),
        ("diff",),
        ("quarantine", "list"),
        ("report", "--unmasked"),
        ("doctor",),
        ("rollback",),
        ("run", "--date", NIGHTS[-1]),
    ):
        answer = call(*words, "--project", project)
        assert answer.code == 0, (words, answer.text)
    assert KONRAD in (project / "exported/master.customer.csv").read_text(encoding="utf-8")


def _asks_for_the_key(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = truth(project), truth(project).read_bytes()
    attempts = len(archive.manifests(project / "output"))
    for key, said in ((None, f"{KEY_VARIABLE} is not set"), ("short", "fewer than 32"), (OTHER_KEY, "another key")):
        if key is None:
            monkeypatch.delenv(KEY_VARIABLE)
        else:
            monkeypatch.setenv(KEY_VARIABLE, key)
        answer = call("lookup", "konrad aldous", "--project", project)
        assert (answer.code, said in answer.text) == (2, True), answer.text
        assert "key that it was published with" in answer.text or key != OTHER_KEY
        if key != OTHER_KEY:
            answer = run(project, NIGHTS[-1])
            assert (answer.code, said in answer.text) == (2, True), answer.text
            assert "encryption: " in call("doctor", "--project", project).text.replace("encryption  ", "encryption: ")
    assert len(archive.manifests(project / "output")) == attempts
    answer = run(project, NIGHTS[-1])
    assert answer.code != 0
    assert "another key" in answer.text
    assert before == (truth(project), truth(project).read_bytes())
    monkeypatch.setenv(KEY_VARIABLE, KEY)


def _erased(project: Path) -> None:
    answer = call("erase", master_of(project), "--reason", "request 7", "--yes", "--project", project)
    assert answer.code == 0, answer.text
    found = call("lookup", "konrad aldous", "--project", project)
    assert "Konrad" not in found.text.replace("konrad aldous", "")
    answer = run(project, NIGHTS[-1])
    assert answer.code == 0, answer.text


@pytest.mark.usefixtures("cipher")
def test_the_key_may_be_in_a_file_and_encryption_may_be_given_up(
    tmp_path: Path, scenario: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Path(shutil.copytree(scenario, tmp_path / "project", symlinks=True))
    encrypt(project)
    (tmp_path / "key").write_text(f"{KEY}\n", encoding="utf-8")
    monkeypatch.setenv(KEY_FILE_VARIABLE, os.fspath(tmp_path / "key"))
    before = master_of(project)
    assert not warehouse.is_encrypted(truth(project))
    assert run(project, NIGHTS[-1]).code == 0
    assert warehouse.is_encrypted(truth(project))
    assert master_of(project) == before
    encrypt(project, encrypted=False)
    assert run(project, NIGHTS[-1]).code == 0
    assert not warehouse.is_encrypted(truth(project))
    assert master_of(project) == before


@pytest.mark.skipif(has_httpfs(), reason="DuckDB's extension httpfs is installed here")
def test_without_what_duckdb_encrypts_with_no_night_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = scenario_project(tmp_path)
    encrypt(project)
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    answer = run(project, NIGHTS[0])
    assert answer.code == 2, answer.text
    assert "httpfs is not installed" in answer.text
    assert "install httpfs" in answer.text
    assert not (project / "output").exists()
    answer = call("doctor", "--project", project)
    assert (answer.code, "httpfs is not installed" in answer.text) == (2, True)


def test_a_schedule_names_the_key(tmp_path: Path) -> None:
    project = scenario_project(tmp_path)
    assert KEY_VARIABLE not in call("schedule", "systemd", "--user", "etl", "--project", project).text
    encrypt(project)
    assert KEY_VARIABLE in call("schedule", "systemd", "--user", "etl", "--project", project).text


@pytest.mark.parametrize("content", [b"", b"DUCK", b"12345678DUCK", b"12345678DUCK" + b"\0" * 30, b"\1" * 64])
def test_what_is_no_encrypted_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some.duckdb"
    assert not warehouse.is_encrypted(path)
    path.write_bytes(content)
    assert not warehouse.is_encrypted(path)


@pytest.mark.usefixtures("cipher")
def test_a_file_of_another_key_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    path = tmp_path / "some.duckdb"
    writer = warehouse.Warehouse()
    writer.attach(path, "made", read_only=False, encrypted=True)
    writer.execute("create table made.t as select 1 as a")
    writer.close()
    reader = warehouse.Warehouse(path, read_only=True)
    assert (reader.rows("select a from t"), list(reader.batches("select a from t"))) == ([(1,)], [[(1,)]])
    assert (reader.tables("main"), reader.columns("t")) == (["t"], {"a": "INTEGER"})
    reader.close()
    monkeypatch.setenv(KEY_VARIABLE, OTHER_KEY)
    with pytest.raises(ConfigError, match="another key"):
        warehouse.Warehouse(path, read_only=True)
