"""Secrets of the environment, of files and of addresses are in nothing that a night prints or writes."""

from pathlib import Path

import pytest
import yaml

from tests.conftest import Answer, call
from tests.read_out import read_out
from tests.scenario import NIGHTS, scenario_project
from tests.servers import SECRET, nginx

TOKEN = "t0k3n-0f-a-signed-address"
PLANTED = (SECRET, TOKEN, "wr0ng-but-secret")


def told_nowhere(project: Path, answer: Answer) -> None:
    """Nothing that was printed or is in the output folder, packed or not, is a secret, as it is or as addresses do."""
    forms = [form.encode() for secret in PLANTED for form in (secret, secret.replace("/", "%2F").replace("@", "%40"))]
    files = {path: read_out(path) for path in (project / "output").rglob("*") if path.is_file()}
    assert any(path.name == "manifest.json" for path in files)
    files[Path("printed")] = answer.text.encode()
    for path, content in files.items():
        assert not [form for form in forms if form in content], path


def test_a_night_tells_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = scenario_project(tmp_path / "project")
    (tmp_path / "server").mkdir()
    (tmp_path / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    monkeypatch.setenv("DQ_TEST_PASSWORD_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("DQ_TEST_WRONG", PLANTED[2])
    with nginx(tmp_path / "server", TOKEN) as server:
        extract = project / "data/sample/catalog.csv"
        for name in ("catalog.csv", "signed/catalog.csv"):
            (server.folder / name).write_bytes(extract.read_bytes())
        extract.unlink()
        base = f"https://127.0.0.1:{server.port}"
        access = {"user": "night", "password": "${file:DQ_TEST_PASSWORD_FILE}", "ca_file": server.access["ca_file"]}
        monkeypatch.setenv("DQ_TEST_URL", f"{base}/signed/catalog.csv?token={TOKEN}")

        def run(location: dict[str, object], *more: str) -> Answer:
            path = project / "pipelines/sources/catalog.yml"
            contract = yaml.safe_load(path.read_text(encoding="utf-8")) | {"location": location}
            path.write_text(yaml.safe_dump(contract, sort_keys=False), encoding="utf-8")
            return call("run", "--project", project, "--date", NIGHTS[-1], *more)

        answer = run({"url": f"{base}/catalog.csv", "access": access})
        assert answer.code == 0, answer.text
        told_nowhere(project, answer)
        for location in (
            {"url": f"{base}/catalog.csv", "access": access | {"password": "${DQ_TEST_WRONG}"}},
            {"url": "${DQ_TEST_URL}&more=nothing", "access": {"ca_file": server.access["ca_file"]}},
            {"url": "${DQ_TEST_URL}", "access": {}},
        ):
            refused = run(location, "--until", "ingest", "--log-format", "json")
            assert refused.code in {2, 3}, refused.text
            told_nowhere(project, refused)
        monkeypatch.setenv("DQ_TEST_URL", f"{base}/signed/catalog.csv?token={TOKEN}")
        signed = run({"url": "${DQ_TEST_URL}", "access": {"ca_file": server.access["ca_file"]}}, "--until", "ingest")
        assert signed.code == 0, signed.text
        told_nowhere(project, signed)
