"""`dq serve`: who is let in, what is refused, and that no decision is lost between two tabs or two people."""

import html
import json
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dq_pipeline import archive
from dq_pipeline.config import load_project
from dq_pipeline.deciding import waiting_pairs
from dq_pipeline.reporting import write_unmasked
from dq_pipeline.serving import MOST_BYTES, Door, make_app
from tests.conftest import call

HOME = "http://127.0.0.1:8765"
DECISIONS = "/decisions"


class Tab:
    """A browser's tab: the session it shares with others, and what its page knows."""

    def __init__(self, client: TestClient) -> None:
        page = client.get("/report.html")
        told = re.search(r'<meta name="dq-served" content="([^"]*)">', page.text)
        assert page.status_code == 200
        assert told
        self.client, self.csrf = client, json.loads(html.unescape(told[1]))["csrf"]

    def post(self, body: object, **headers: str) -> tuple[int, dict[str, str]]:
        """Send a decision as the page does; a header that is given replaces the page's."""
        sent = {"origin": HOME, "x-csrf-token": self.csrf, "content-type": "application/json"} | headers
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.client.post(DECISIONS, content=content, headers={k: v for k, v in sent.items() if v})
        return answer.status_code, answer.json()


@pytest.fixture(scope="module")
def project(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy of the sample night for all: each test decides pairs that wait, and compares with what was there."""
    return Path(shutil.copytree(sample, tmp_path_factory.mktemp("served") / "project", symlinks=True))


@pytest.fixture
def door(project: Path) -> Door:
    return Door(load_project(project), 8765, "ann")


def browser(door: Door, base: str = HOME) -> TestClient:
    return TestClient(make_app(door), base_url=base, follow_redirects=False)


@pytest.fixture
def client(door: Door) -> TestClient:
    one = browser(door)
    assert one.get(door.entrance).status_code == 303
    return one


def lines(door: Door) -> list[str]:
    path = door.project.judgements_path("customer")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def bodies(door: Door, *judgements: str) -> list[dict[str, str]]:
    """A decision on each of the first pairs that wait."""
    waiting = waiting_pairs(door.project, "customer", 10)
    found = [
        {"entity": "customer", "left": pair["record_id_l"], "right": pair["record_id_r"], "who": "Ann Lee"}
        for pair in waiting.pairs
        if not waiting.judgement(pair)
    ]
    return [one | {"judgement": said, "before": ""} for one, said in zip(found, judgements, strict=False)]


def test_the_token_works_once_and_no_other_does(door: Door) -> None:
    entrance, one, other = door.entrance, browser(door), browser(door)
    for wrong in ("/enter", "/enter?token=", "/enter?token=wrong", entrance + "x", "/enter?token=%C3%A9"):
        assert one.get(wrong).status_code == 403
    let_in = one.get(entrance)
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/report.html")
    cookie = let_in.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert one.get("/report.html").status_code == 200
    assert other.get(entrance).status_code == 403
    assert other.get("/enter?token=").status_code == 403
    assert other.get("/report.html").status_code == 403
    assert other.get(DECISIONS).status_code == 403
    other.cookies.set(door.cookie, "guessed")
    assert other.get("/report.html").status_code == 403


def test_the_page_is_the_report_with_strict_headers(door: Door, client: TestClient) -> None:
    page = client.get("/report.html")
    written = (Path(archive.last_attempt(door.project.output)["directory"]) / "report.html").read_text(encoding="utf-8")
    served = re.sub(r"<meta name=\"dq-served\"[^>]*>|; connect-src 'self'", "", page.text)
    assert served == written
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.text.count("connect-src 'self'") == 1
    for answer in (page, client.get("/nothing"), browser(door).get("/report.html")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    owner = next(iter(door.project.settings.owners))
    assert client.get(f"/report/{owner}.html").status_code == 200


def test_people_are_in_clear_only_where_it_was_started_so(door: Door, client: TestClient) -> None:
    private = Door(door.project, 8765, "ann", write_unmasked(door.project))
    there = browser(private)
    assert there.get(private.entrance).status_code == 303
    waiting = waiting_pairs(door.project, "customer", 5, unmasked=True)
    mails = {str(one["left"]) for pair in waiting.pairs for one in pair["fields"] if one["column"] == "email"}
    masked, clear = (html.unescape(one.get("/report.html").text) for one in (client, there))
    assert [mail for mail in mails - {"None"} if mail in masked] == []
    assert [mail for mail in mails - {"None"} if mail in clear] != []
    assert "dq-served" in clear


PATHS = [
    *("/", "/report", "/report/", "/manifest.json", "/scorecard.json", "/report/nobody.html", "//etc/passwd"),
    *("/../manifest.json", "/report/../manifest.json", "/report/%2e%2e/manifest.json", "/report/..%2freport.html"),
    *("/report/%2e%2e%2f%2e%2e%2fmanifest.html", "/report//etc/passwd.html", "/report/%2fetc%2fpasswd.html"),
    *("/report/..%5creport.html", "/report/%00.html", "/report.html/../scorecard.json", "/file:///etc/passwd"),
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_names_no_file(client: TestClient, path: str) -> None:
    sent = client.build_request("GET", "/")
    sent.url = sent.url.copy_with(raw_path=path.encode())
    answer = client.send(sent)
    assert answer.status_code == 404
    assert "<html" not in answer.text


@pytest.mark.parametrize("host", ["evil.example:8765", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:8765", ""])
def test_another_name_does_not_lead_here(door: Door, client: TestClient, host: str) -> None:
    for path in ("/report.html", door.entrance):
        assert client.get(path, headers={"host": host}).status_code == 403
    answer = client.get("/report.html", headers={"host": "localhost:8765"})
    assert answer.status_code == 200 if answer.request.headers.get("cookie") else 403


REFUSED = {
    "another origin": ({"origin": "http://evil.example"}, 403),
    "another port": ({"origin": "http://127.0.0.1:1"}, 403),
    "an origin that hides": ({"origin": "null"}, 403),
    "no origin": ({"origin": ""}, 403),
    "no CSRF token": ({"x-csrf-token": ""}, 403),
    "a wrong CSRF token": ({"x-csrf-token": "guessed"}, 403),
    "a form": ({"content-type": "application/x-www-form-urlencoded"}, 415),
    "a plain text": ({"content-type": "text/plain"}, 415),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_decision_from_elsewhere_is_refused(door: Door, client: TestClient, case: str) -> None:
    headers, code = REFUSED[case]
    before = lines(door)
    assert Tab(client).post(bodies(door, "same")[0], **headers)[0] == code
    assert lines(door) == before


GOOD = {"entity": "customer", "left": "a", "right": "b", "judgement": "same"}
MALFORMED: dict[str, tuple[object, int]] = {
    "too long": (b'{"why": "' + b"x" * MOST_BYTES + b'"}', 413),
    "empty": (b"", 400),
    "no JSON": (b"{", 400),
    "no text": (b"\xff\xfe", 400),
    "deep": (b"[" * 5000, 400),
    "a list": ([GOOD], 400),
    "less": ({"entity": "customer"}, 400),
    "more": (GOOD | {"path": "/etc/passwd"}, 400),
    "a number": (GOOD | {"left": 1}, 400),
    "no judgement": (GOOD | {"judgement": "maybe"}, 400),
    "a long reason": (GOOD | {"why": "x" * 301}, 400),
    "no such record": (GOOD, 422),
    "no such entity": (GOOD | {"entity": "../../nightly"}, 422),
    "against itself": (GOOD | {"right": "a"}, 422),
    "never decided": (GOOD | {"judgement": ""}, 422),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_no_decision_changes_nothing(door: Door, client: TestClient, case: str) -> None:
    body, code = MALFORMED[case]
    before = lines(door)
    assert Tab(client).post(body)[0] == code
    assert lines(door) == before


def test_two_tabs_lose_no_decision(door: Door, client: TestClient) -> None:
    one, other, before = Tab(client), Tab(client), lines(door)
    first, second = bodies(door, "unsure", "unsure")
    assert one.post(first | {"why": 'she said: "=me", really'})[0] == 200
    assert other.post(second)[0] == 200
    # The same on the same pair is no conflict, and no second line.
    assert other.post(first)[0] == 200
    assert len(lines(door)) == len(before) + 2
    # Otherwise on the same pair is one, until the page has seen what holds.
    code, said = other.post(first | {"judgement": "different"})
    assert (code, said["judgement"]) == (409, "unsure")
    assert len(lines(door)) == len(before) + 2
    assert other.post(first | {"judgement": "different", "before": "unsure"})[0] == 200
    held = {(one["left"], one["right"]): one["judgement"] for one in client.get(DECISIONS).json()["decided"]}
    assert held[tuple(sorted((first["left"], first["right"])))] == "different"  # type: ignore[index]
    assert held[tuple(sorted((second["left"], second["right"])))] == "unsure"  # type: ignore[index]
    assert lines(door)[: len(before)] == before


def test_what_is_saved_is_what_an_import_reads(door: Door, client: TestClient, tmp_path: Path) -> None:
    [body] = bodies(door, "unsure")
    assert Tab(client).post(body | {"why": "=cmd(), a\nb"})[0] == 200
    path = tmp_path / "customer.csv"
    path.write_text("\n".join([lines(door)[0], lines(door)[-1]]) + "\n", encoding="utf-8")
    answer = call("review", "import", path, "--project", door.project.root)
    assert answer.code == 0, answer.text
    assert "customer: 0 decided, 1 known before" in answer.text
    assert lines(door)[-1].startswith(f"{body['left']},{body['right']},unsure,Ann Lee,20")
    assert '"\'=cmd(), a b"' in lines(door)[-1]


def test_a_decision_is_taken_back_by_the_one_who_made_it(door: Door, client: TestClient) -> None:
    tab, before = Tab(client), lines(door)
    [body] = bodies(door, "unsure")
    assert tab.post(body)[0] == 200
    assert tab.post(body | {"judgement": "", "before": "unsure"})[0] == 200
    assert lines(door) == before
    # Where somebody else wrote a later line, theirs holds.
    assert tab.post(body)[0] == 200
    another = Door(door.project, 8765, "bo")
    there = browser(another)
    assert there.get(another.entrance).status_code == 303
    assert Tab(there).post(body | {"judgement": "different", "before": "unsure", "who": "Bo"})[0] == 200
    code, said = tab.post(body | {"judgement": "", "before": "unsure"})
    assert (code, said["judgement"]) == (409, "different")


def test_while_a_run_goes_on_the_page_says_so(door: Door, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dq_pipeline.deciding.PATIENCE_SECONDS", 0.1)
    tab, [body] = Tab(client), bodies(door, "unsure")
    with archive.lock(door.project.output):
        code, said = tab.post(body)
    assert code == 503
    assert "another run is going on" in said["error"]
    assert tab.post(body)[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::", "example.com", "localhost.example.com", ""])
def test_only_this_computer_is_served(sample: Path, host: str) -> None:
    answer = call("serve", "--host", host, "--project", sample)
    assert answer.code == 2
    assert "leave --host out" in answer.text


def test_without_the_extra_it_says_what_to_install(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    answer = call("serve", "--project", sample)
    assert answer.code == 2
    assert "pip install 'dq-pipeline[serve]'" in answer.text


def test_a_real_server_prints_its_address_and_listens_on_this_computer(sample: Path) -> None:
    command = [sys.executable, "-m", "dq_pipeline", "serve", "--project", str(sample)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            address = server.stdout.readline().split()[-1]
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/enter\?token=[\w-]{40,}", address)
            opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            with opener.open(address) as page:
                assert page.url.endswith("/report.html")
                assert b"dq-served" in page.read()
                assert "server" not in page.headers
        finally:
            server.terminate()
