"""Extracts by HTTPS, SFTP and S3 from real servers: whole, or one breach that says why; and never a secret."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.errors import Breach
from tests.remote_case import CONTENT, OTHER, content, fetched, gate
from tests.servers import LOOPBACK, SECRET, FileServer, know_host, moto, nginx, sshd, wire

TOKEN = "t0k3n-in-a-query"
KINDS = ("https", "sftp", "s3")


@dataclass(frozen=True)
class Place:
    """A server as the tests see it: how to put a file there, and the location of a source that reads it."""

    kind: str
    port: int
    put: Callable[[str, bytes], None]
    access: dict[str, str]
    base: str
    wrong: dict[str, str]
    know: Callable[[int], None]

    def location(self, name: str, port: int | None = None, **access: str) -> dict[str, Any]:
        """The source's location, through a relay if a port is given."""
        port = port or self.port
        self.know(port)
        # Placeholders of `access` stay as they are.
        given = {key: value.replace("{port}", str(port)) for key, value in (self.access | access).items()}
        return {"url": f"{self.base.replace('{port}', str(port))}/{name}", "access": given}


def _put_file(folder: Path) -> Callable[[str, bytes], None]:
    def put(name: str, data: bytes) -> None:
        # As a careful sender does: the name changes at once.
        staged = folder / f"{name}.new"
        staged.write_bytes(data)
        os.replace(staged, folder / name)

    return put


def _of_files(kind: str, server: FileServer, wrong: dict[str, str], know: Callable[[int], None]) -> Place:
    return Place(kind, server.port, _put_file(server.folder), server.access, server.base, wrong, know)


def _known(port: int) -> None:
    """A certificate tells who answers, on whatever port."""
    assert port


def _https(stack: ExitStack, folder: Path) -> Place:
    server = stack.enter_context(nginx(folder, TOKEN))
    return _of_files("https", server, {"password": "${DQ_TEST_WRONG}"}, _known)


def _sftp(stack: ExitStack, folder: Path) -> Place:
    server = stack.enter_context(sshd(folder))
    wrong = {"private_key": str(folder / "other_key")}
    return _of_files("sftp", server, wrong, lambda port: know_host(server, port))


def _s3(stack: ExitStack, folder: Path, patch: pytest.MonkeyPatch) -> Place:
    port = stack.enter_context(moto(folder))
    boto3 = pytest.importorskip("boto3")
    at = {"endpoint_url": f"http://{LOOPBACK}:{port}", "region_name": "us-east-1"}
    at |= {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    boto3.client("s3", **at).create_bucket(Bucket="exports")
    iam = boto3.client("iam", **at)
    iam.create_user(UserName="night")
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    iam.put_user_policy(UserName="night", PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName="night")["AccessKey"]
    patch.setenv("DQ_TEST_KEY_ID", key["AccessKeyId"])
    patch.setenv("DQ_TEST_KEY", key["SecretAccessKey"])
    at |= {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    service = boto3.client("s3", **at)

    def put(name: str, data: bytes) -> None:
        service.put_object(Bucket="exports", Key=f"out/{name}", Body=data)

    access = {"endpoint": "http://127.0.0.1:{port}", "region": "us-east-1"}
    access |= {"access_key": "${DQ_TEST_KEY_ID}", "secret_key": "${DQ_TEST_KEY}"}
    return Place("s3", port, put, access, "s3://exports/out", {"secret_key": "${DQ_TEST_WRONG}"}, _known)


@pytest.fixture(scope="module", params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DQ_TEST_PASSWORD", SECRET)
        patch.setenv("DQ_TEST_WRONG", "wr0ng-and-secret")
        patch.setenv("DQ_TEST_TOKEN", TOKEN)
        make = {"https": _https, "sftp": _sftp}.get(request.param)
        made = make(stack, folder) if make else _s3(stack, folder, patch)
        made.put("x.csv", CONTENT)
        yield made


def test_a_file_arrives_whole(place: Place, tmp_path: Path) -> None:
    found = fetched(tmp_path, place.location("x.csv"))
    assert content(found) == CONTENT
    assert not isinstance(found, Breach)
    file = found[0]
    assert (file.name, file.sha256) == ("x.csv", hashlib.sha256(CONTENT).hexdigest())
    assert file.place.endswith("/x.csv")
    assert file.modified_at is not None


def test_a_glob_and_the_run_date_pick_files(place: Place, tmp_path: Path) -> None:
    for day, data in (("2026-11-19", b"old"), ("2026-11-20", b"new"), ("2026-11-21", b"later")):
        place.put(f"day_{day}.csv", data)
    assert content(fetched(tmp_path, place.location("day_{run_date}.csv"))) == b"new"
    assert content(fetched(tmp_path, place.location("day_*.csv"))) == b"later"
    found = fetched(tmp_path, place.location("day_*.csv") | {"pick": "all"})
    assert not isinstance(found, Breach)
    assert [file.path.read_bytes() for file in found] == [b"old", b"new", b"later"]


def test_what_is_not_there_is_missing(place: Place, tmp_path: Path) -> None:
    for name in ("nothing.csv", "nothing_*.csv"):
        assert gate(fetched(tmp_path, place.location(name)))[0] == "missing_extract"


def test_wrong_credentials_are_refused_at_once(place: Place, tmp_path: Path) -> None:
    began = time.monotonic()
    found = fetched(tmp_path, place.location("x.csv", **place.wrong), tries=10, timeout_seconds=20)
    name, message = gate(found)
    assert name == "unreadable_extract"
    assert "accept" in message
    assert "wr0ng" not in str(found)
    assert time.monotonic() - began < 10, "to try again would not help"


def test_a_connection_cut_in_the_middle_is_resumed(place: Place, tmp_path: Path) -> None:
    with wire(place.port, cut_after=len(CONTENT) // 2) as relay:
        assert content(fetched(tmp_path, place.location("x.csv", relay.port))) == CONTENT
        assert relay.cuts == 0
        assert sum(relay.delivered) < 1.7 * len(CONTENT), "what had come was not fetched again"


def test_a_connection_that_is_always_cut_is_a_breach(place: Place, tmp_path: Path) -> None:
    with wire(place.port, cut_after=1_000, cuts=1_000) as relay:
        name, message = gate(fetched(tmp_path, place.location("x.csv", relay.port), tries=2))
    assert name == "unreadable_extract"
    assert "could not be fetched whole" in message
    assert not list((tmp_path / "snapshots").glob("*"))


def test_a_server_that_falls_silent_is_given_up_in_time(place: Place, tmp_path: Path) -> None:
    began = time.monotonic()
    with wire(place.port, stall_after=len(CONTENT) // 4) as relay:
        found = fetched(tmp_path, place.location("x.csv", relay.port), tries=2, timeout_seconds=1, total_seconds=3)
    assert gate(found)[0] == "unreadable_extract"
    assert time.monotonic() - began < 12


def test_a_file_replaced_while_it_is_fetched_is_fetched_again(place: Place, tmp_path: Path) -> None:
    place.put("moving.csv", CONTENT)
    with wire(place.port, at=len(CONTENT) // 2, then=lambda: place.put("moving.csv", OTHER[:-2])) as relay:
        assert content(fetched(tmp_path, place.location("moving.csv", relay.port))) == OTHER[:-2]
        assert relay.then is None


def test_a_side_file_with_the_wrong_checksum_is_a_breach(place: Place, tmp_path: Path) -> None:
    place.put("sum.csv", CONTENT)
    place.put("sum.csv.sha256", f"{hashlib.sha256(CONTENT).hexdigest()}  sum.csv\n".encode())
    assert content(fetched(tmp_path, place.location("sum*.csv"))) == CONTENT
    place.put("sum.csv.sha256", f"{hashlib.sha256(OTHER).hexdigest()}  sum.csv\n".encode())
    assert "sha256" in gate(fetched(tmp_path, place.location("sum.csv"), tries=1))[1]


def test_a_slow_server_is_bounded_in_all(place: Place, tmp_path: Path) -> None:
    if place.kind != "https":
        pytest.skip("only nginx is slow by itself")
    place.put("slow/x.csv", CONTENT)
    began = time.monotonic()
    found = fetched(tmp_path, place.location("slow/x.csv"), total_seconds=2)
    assert "more than 2 s in all" in gate(found)[1]
    assert time.monotonic() - began < 8


def test_a_signed_address_is_never_shown(place: Place, tmp_path: Path) -> None:
    if place.kind != "https":
        pytest.skip("only addresses of the web are signed")
    place.put("signed/x.csv", CONTENT)
    signed = replace(place, access={"ca_file": place.access["ca_file"]})
    found = fetched(tmp_path, signed.location("signed/x.csv?token=${DQ_TEST_TOKEN}"))
    assert content(found) == CONTENT
    assert TOKEN not in str(found)
    refused = fetched(tmp_path, signed.location("signed/x.csv?token=${DQ_TEST_WRONG}"))
    assert gate(refused)[0] == "unreadable_extract"
    assert "wr0ng" not in str(refused)


def test_who_is_not_known_is_not_trusted(place: Place, tmp_path: Path) -> None:
    """A certificate of nobody we know, a redirect out of TLS; a host key that is not in known_hosts."""
    if place.kind == "s3":
        pytest.skip("moto speaks without TLS here")
    if place.kind == "https":
        unknown = replace(place, access={name: place.access[name] for name in ("user", "password")})
        assert "certificate" in gate(fetched(tmp_path, unknown.location("x.csv")))[1]
        assert "without TLS" in gate(fetched(tmp_path, place.location("plain/x.csv"), tries=1))[1]
        return
    (tmp_path / "hosts").write_text("", encoding="utf-8")
    assert "known_hosts" in gate(fetched(tmp_path, place.location("x.csv", known_hosts=str(tmp_path / "hosts"))))[1]
    other = (Path(place.access["known_hosts"]).parent / "other_key.pub").read_text(encoding="utf-8")
    (tmp_path / "hosts").write_text(f"[{LOOPBACK}]:{place.port} {other}", encoding="utf-8")
    assert "stand between" in gate(fetched(tmp_path, place.location("x.csv", known_hosts=str(tmp_path / "hosts"))))[1]
