"""Locations in YAML: what is taken, what is refused with file and line, and that no secret is ever shown."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dq_pipeline.config import Source
from dq_pipeline.config.address import parse_address
from dq_pipeline.config.loading import read_yaml
from dq_pipeline.errors import ConfigError
from dq_pipeline.extracts.remote.connection import Patience, connection_of
from dq_pipeline.extracts.remote.errors import BrokenError
from tests.unit.landing_case import DAY, contract

HEAD = "name: s\ntitle: S\nowner: sales\ntouchpoint: web\nkey: [id]\ncolumns: {id: , v: }\nlocation:\n"

GOOD = [
    "path: x.csv",
    "url: s3://bucket/out/x_{run_date}.csv",
    "url: sftp://night@host:2222/out/*.csv\naccess: {password: '${PW}', known_hosts: hosts}",
    "url: sftp://night:${PW}@host/out/x.csv",
    "url: https://host/x.csv?format=csv&token=${file:TOKEN}",
    "url: ${WHOLE_URL}\naccess: {token: '${T}'}",
    "url: s3://b/x.csv\naccess: {endpoint: 'http://127.0.0.1:9000', access_key: '${A}', secret_key: '${B}'}",
    "database: {url: 'postgresql://night:${PW}@host/db', query: select 1 as id}",
    "database: {url: '${DSN}', query_file: sql/sources/s.sql}",
    "database: {url: 'sqlite:////srv/x.db', query: select 1}",
]
BAD = [
    ("pick: all", "say one of path"),
    ("path: x.csv\nurl: s3://b/x.csv", "say one of path"),
    ("url: http://host/x.csv", "must begin with one of s3://, sftp://, https://"),
    ("url: ftp://host/x.csv", "must begin with"),
    ("url: not-an-address", "no address"),
    ("url: https:///x.csv", "names no host"),
    ("url: sftp://night:HUNTER2@host/x.csv", "a password stands here in clear"),
    ("url: sftp://night:${PW}HUNTER2@host/x.csv", "a password stands here in clear"),
    ("url: https://host/x.csv?X-Amz-Signature=HUNTER2", "X-Amz-Signature stands here in clear"),
    ("url: https://host/x.csv?a=1&api_key=HUNTER2", "api_key stands here in clear"),
    ("url: https://host/${not a name}", "a placeholder is written"),
    ("url: https://host/x.csv\naccess: {password: HUNTER2}", "this is a secret"),
    ("url: https://host/x.csv\naccess: {token: 'x${T}'}", "this is a secret"),
    ("url: s3://b/x.csv\naccess: {secret_key: HUNTER2}", "this is a secret"),
    ("url: s3://b/x.csv\naccess: {endpoint: 'http://minio.example'}", "must begin with https"),
    ("url: s3://b/x.csv\naccess: {known_hosts: x}", "access.known_hosts means nothing for s3://"),
    ("path: x.csv\naccess: {user: x}", "access.user means nothing for path"),
    ("url: https://host/x.csv\ntransfer: {tries: 0}", "greater than or equal to 1"),
    ("url: https://host/x.csv\naccess: {pasword: HUNTER2}", "not a known field"),
    ("database: {url: 'postgresql://u:HUNTER2@h/d', query: select 1}", "a password stands here in clear"),
    ("database: {url: 'postgresql://h/d?password=HUNTER2', query: select 1}", "password stands here in clear"),
    ("database: {url: 'oracle://h/d', query: select 1}", "must begin with one of postgresql://"),
    ("database: {url: '${DSN}'}", "say one of query"),
    ("database: {url: '${DSN}', query_file: ../../etc/passwd}", "below the folder"),
    ("database: {url: '${DSN}', query_file: /etc/passwd}", "below the folder"),
]


def written(folder: Path, location: str, more: str = "") -> Path:
    path = folder / "s.yml"
    path.write_text(HEAD + "".join(f"  {line}\n" for line in location.splitlines()) + more, encoding="utf-8")
    return path


@pytest.mark.parametrize("location", GOOD)
def test_a_good_location_is_read(tmp_path: Path, location: str) -> None:
    assert read_yaml(written(tmp_path, location), Source).location


@pytest.mark.parametrize(("location", "said"), BAD, ids=[location for location, _ in BAD])
def test_a_bad_location_is_refused_with_file_and_line(tmp_path: Path, location: str, said: str) -> None:
    path = written(tmp_path, location)
    with pytest.raises(ConfigError) as caught:
        read_yaml(path, Source)
    assert said in caught.value.message
    assert (caught.value.where or "").startswith(f"{path}, line ")
    assert int((caught.value.where or "").rpartition(" ")[2]) >= 7, "the line is that of the location"
    shown, cause = str(caught.value), caught.value.__cause__
    assert "HUNTER2" not in shown + str(cause) + repr(cause)


def test_what_a_query_returns_has_no_format_of_its_own(tmp_path: Path) -> None:
    location = "database: {url: '${DSN}', query: select 1}"
    assert read_yaml(written(tmp_path, location), Source).format.type == "parquet"
    with pytest.raises(ConfigError, match="format means nothing"):
        read_yaml(written(tmp_path, location, "format: {type: csv}\n"), Source)


def connected(folder: Path, location: dict[str, Any]) -> Any:
    (folder / "sources").mkdir(exist_ok=True)
    lines = [f"{key}: {value}" for key, value in location.items() if isinstance(value, str)]
    written(folder / "sources", "\n".join(lines))
    project: Any = SimpleNamespace(pipelines=folder)
    return connection_of(project, contract(location=location), DAY)


def test_secrets_are_filled_in_and_an_address_shows_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PW", "p@ss/w:rd?")
    (tmp_path / "token").write_text("t0ken-of-file\n", encoding="utf-8")
    monkeypatch.setenv("TOKEN", str(tmp_path / "token"))
    made = connected(tmp_path, {"url": "https://night:${PW}@host:8443/out/x_{run_date:%Y%m%d}.csv?sig=${file:TOKEN}"})
    address = made.address
    assert (address.user, address.password, address.query) == ("night", "p@ss/w:rd?", "sig=t0ken-of-file")
    assert address.shown() == "https://host:8443/out/x_20261120.csv"
    assert parse_address(address.in_full()) == address
    monkeypatch.setenv("WHOLE", "sftp://night:other-p4ss@host/x.csv")
    made = connected(tmp_path, {"url": "${WHOLE}"})
    assert (made.address.password, made.address.scheme) == ("other-p4ss", "sftp")
    assert "other-p4ss" not in made.address.shown()


@pytest.mark.parametrize(
    ("url", "variable", "value", "said"),
    [
        ("sftp://night:${DQ_UNSET}@host/x.csv", "DQ_OTHER", "x", "DQ_UNSET is not set"),
        ("${DQ_WHOLE}", "DQ_WHOLE", "ftp://u:HUNTER2@host/x", "must begin with one of s3, sftp, https"),
        ("${DQ_WHOLE}", "DQ_WHOLE", "HUNTER2 is no address", "no address"),
        ("https://host/x?token=${file:DQ_FILE}", "DQ_FILE", "/nowhere/HUNTER2", "file that DQ_FILE names"),
    ],
)
def test_a_variable_that_does_not_do_is_named_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        connected(tmp_path, {"url": url})
    assert said in caught.value.message
    assert "s.yml, line 8" in (caught.value.where or "")
    assert "HUNTER2" not in str(caught.value)


def test_patience_is_bounded() -> None:
    source = contract(location={"url": "https://h/x", "transfer": {"timeout_seconds": 5, "total_seconds": 0.001}})
    patience = Patience(source.location.transfer)
    patience.pause(9)
    with pytest.raises(BrokenError, match=r"more than 0.001 s in all"):
        patience.left()
