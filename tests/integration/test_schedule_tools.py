"""Every schedule, read by the tool that it is for: systemd, cron, a shell, Airflow, Dagster, Kubernetes' schemas."""

import json
import os
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import kubernetes_validate
import pytest
import yaml
from cronsim import CronSim

from dq_pipeline.config.telling import ChatChannel, WebhookChannel
from dq_pipeline.errors import ConfigError
from dq_pipeline.machine import starts_dq
from dq_pipeline.scheduling import FINAL, RETRIES, render
from tests.schedule_case import FOLDERS, Plan, plan_in, rendered, scheduler_python, stand_in

CODES = [0, 1, 2, 3, 4, 130, 137, 143]
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
needs_cron = pytest.mark.skipif(shutil.which("crontab") is None, reason="Debian's crontab is not installed")


def done(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command that has a minute or two."""
    return subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={**os.environ, **environment},
    )


def written(plan: Plan, kind: str, folder: Path) -> list[Path]:
    """The files of a schedule, in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for file in render(plan, kind):
        paths.append(folder / file.name)
        paths[-1].write_text(file.text, encoding="utf-8")
    return paths


# systemd


@needs_systemd
@pytest.mark.parametrize("name", FOLDERS)
def test_systemd_accepts_the_unit_and_reads_every_path_as_it_is(name: str, tmp_path: Path) -> None:
    home = tmp_path / name
    # It takes no program with quotes in its name: that is refused, as the test below says.
    place = tmp_path / name.translate({34: "-", 39: "-"})
    plan = plan_in(home, program=str(stand_in(place)), user="etl", timezone="Europe/Madrid")
    units = written(plan, "systemd", tmp_path / "units")
    verified = done("systemd-analyze", "verify", *units)
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")
    # With debugging, it tells how it read every setting.
    told = done("systemd-analyze", "verify", units[0], SYSTEMD_LOG_LEVEL="debug").stdout
    assert f"WorkingDirectory: {home}\n" in told
    assert f"ReadWritePaths: {home / 'output'} {home / 'pipelines/models'}\n" in told
    command = re.search(r"Command Line: (.*)", told)
    assert command
    # It writes words as a shell would have them, and has not filled in variables yet.
    program, *words = (word.replace("$$", "$") for word in shlex.split(re.sub(r"\\([$`])", r"\1", command[1])))
    assert (program, words) == (plan.program[0], list(plan.arguments))
    assert starts_dq(units[0].read_text(encoding="utf-8"))


def test_what_systemd_cannot_be_told_is_refused(tmp_path: Path) -> None:
    for name in ("it's", 'the "big"'):
        with pytest.raises(ConfigError, match="program"):
            rendered(plan_in(tmp_path, program=f"/opt/{name}/dq"), "systemd")
    with pytest.raises(ConfigError, match="both kinds of quotes"):
        rendered(plan_in(tmp_path / 'it\'s the "big"', program="/opt/dq"), "systemd")


@needs_systemd
def test_systemd_is_told_of_what_is_wrong(tmp_path: Path) -> None:
    # The alarm itself: a program that there is not, and a setting that systemd does not know.
    plan = plan_in(tmp_path, program=str(tmp_path / "nowhere/dq"))
    unit = written(plan, "systemd", tmp_path / "units")[0]
    assert done("systemd-analyze", "verify", unit).returncode != 0
    unit.write_text(unit.read_text(encoding="utf-8").replace("Nice=10", "Nise=10"), encoding="utf-8")
    assert "Nise" in done("systemd-analyze", "verify", unit).stderr


@needs_systemd
def test_systemd_finds_little_that_the_service_may_do(tmp_path: Path) -> None:
    plan = plan_in(tmp_path, user="etl")
    unit = written(plan, "systemd", tmp_path / "units")[0]
    # Tenths of systemd's own measure: 0 is none, 100 is all; up to 20 it calls OK. A plain service has 96.
    assert done("systemd-analyze", "security", "--offline=true", "--threshold=18", unit).returncode == 0
    unit.write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    assert done("systemd-analyze", "security", "--offline=true", "--threshold=18", unit).returncode != 0


@needs_systemd
@pytest.mark.parametrize(("zone", "hour"), [("America/Chicago", 8), ("Asia/Tokyo", 18), ("UTC", 3)])
def test_the_timer_begins_at_the_hour_of_its_zone(zone: str, hour: int, tmp_path: Path) -> None:
    plan = plan_in(tmp_path, timezone=zone, at=datetime(2026, 1, 1, 3, 5).time())
    timer = render(plan, "systemd")[1].text
    calendar = re.search(r"^OnCalendar=(.*)$", timer, re.M)
    assert calendar
    told = done("systemd-analyze", "calendar", "--base-time=2026-07-01 00:00:00 UTC", calendar[1], TZ="UTC").stdout
    assert f"{hour:02}:05:00 UTC" in told


@needs_systemd
def test_systemd_leaves_out_the_night_of_an_hour_that_there_is_not(tmp_path: Path) -> None:
    # Why `dq schedule` warns: without this, the warning would be idle.
    plan = plan_in(tmp_path, timezone="America/Chicago")
    assert plan.missing_day
    base = f"--base-time={plan.missing_day} 00:00:00 UTC"
    told = done("systemd-analyze", "calendar", base, "*-*-* 02:00:00 America/Chicago", TZ="UTC").stdout
    assert f"{plan.missing_day + timedelta(days=1)} 07:00:00" in told


# cron


def command_of(text: str) -> str:
    """The shell's command of a crontab's last line, after cron has read its % signs."""
    entry = text.splitlines()[-1]
    command = entry.split(maxsplit=5)[5]
    assert not re.search(r"(?<!\\)%", command)
    return command.replace(r"\%", "%")


@needs_cron
@pytest.mark.parametrize("name", FOLDERS)
def test_cron_accepts_the_crontab(name: str, tmp_path: Path) -> None:
    path = written(plan_in(tmp_path / name, timezone="Asia/Tokyo"), "cron", tmp_path / "out")[0]
    accepted = done("crontab", "-n", path)
    assert accepted.returncode == 0, accepted.stderr
    path.write_text(path.read_text(encoding="utf-8").replace("\n0 2 ", "\n0 25 "), encoding="utf-8")
    assert "bad hour" in done("crontab", "-n", path).stderr


def test_cron_begins_at_the_hour(tmp_path: Path) -> None:
    plan = plan_in(tmp_path, at=datetime(2026, 1, 1, 23, 45).time())
    fields = " ".join(rendered(plan, "cron").text.splitlines()[-1].split()[:5])
    assert next(CronSim(fields, datetime(2026, 11, 23))) == datetime(2026, 11, 23, 23, 45)


@pytest.mark.parametrize("name", FOLDERS)
def test_the_shell_starts_what_is_meant_in_the_folder_that_is_meant(name: str, tmp_path: Path) -> None:
    home = tmp_path / name
    text = rendered(plan_in(home, program=str(stand_in(home))), "cron").text
    assert done("/bin/sh", "-c", command_of(text)).returncode == 0
    told = (home / "told").read_text(encoding="utf-8").splitlines()
    assert told[0] == str(home)
    assert told[2:] == ["run", "--project", str(home / "pipelines/nightly.yml"), "--quiet"]
    assert starts_dq(text)
    assert not (home / "x").exists()


@pytest.mark.parametrize("code", CODES)
def test_cron_tries_again_what_may_get_better(code: int, tmp_path: Path) -> None:
    program = stand_in(tmp_path)
    (tmp_path / "code").write_text(str(code), encoding="utf-8")
    waits = tmp_path / "bin/sleep"
    waits.write_text("#!/bin/sh\n", encoding="utf-8")
    waits.chmod(0o755)
    text = rendered(plan_in(tmp_path, program=str(program)), "cron").text
    ended = done("/bin/sh", "-c", command_of(text), PATH=f"{waits.parent}:{os.environ['PATH']}")
    assert ended.returncode == code
    starts = (tmp_path / "told").read_text(encoding="utf-8").count("--quiet")
    assert starts == (1 if code in {0, *FINAL} else RETRIES + 1)


def test_a_line_that_cron_would_cut_off_is_refused_and_a_user_has_a_column(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="longer than"):
        rendered(plan_in(tmp_path / "/".join(["n" * 200] * 3)), "cron")
    assert rendered(plan_in(tmp_path, user="etl"), "cron").text.splitlines()[-1].split()[5:7] == ["etl", "cd"]


# Airflow and Dagster, in environments of their own

_AIRFLOW = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.exceptions import AirflowFailException
bag = DagBag(sys.argv[1])
dag = bag.dags["dq_nightly"]
task = dag.get_task("run")
told = {"errors": bag.import_errors, "cron": str(dag.timetable), "zone": str(dag.timezone),
        "catchup": dag.catchup, "at_once": dag.max_active_runs, "retries": task.retries,
        "delay": task.retry_delay.total_seconds(), "ended": {}}
for code in json.loads(sys.argv[3]):
    open(sys.argv[2], "w").write(str(code))
    try:
        task.python_callable()
        told["ended"][code] = "done"
    except AirflowFailException as error:
        told["ended"][code] = "failed"
    except RuntimeError:
        told["ended"][code] = "again"
print("TOLD" + json.dumps(told, default=str))
"""

_DAGSTER = """
import importlib.util, json, sys
import dagster as dg
spec = importlib.util.spec_from_file_location("made", sys.argv[1])
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
dg.Definitions.validate_loadable(made.defs)
schedule = made.defs.resolve_schedule_def("dq_nightly_at_night")
told = {"cron": schedule.cron_schedule, "zone": schedule.execution_timezone, "on": schedule.default_status.name}
told["ended"] = {}
for code in json.loads(sys.argv[3]):
    open(sys.argv[2], "w").write(str(code))
    try:
        result = made.night(dg.build_asset_context())
        told["ended"][code] = "done"
        told["run"] = result.metadata["run"]
    except dg.Failure as error:
        told["ended"][code] = "failed" if error.allow_retries is False else "may be tried again"
    except dg.RetryRequested as error:
        told["ended"][code] = "again"
        told["retries"], told["delay"] = error.max_retries, error.seconds_to_wait
print("TOLD" + json.dumps(told, default=str))
"""


def told_by(name: str, script: str, tmp_path: Path) -> dict[str, object]:
    """What a scheduler itself says of the file that is made for it, and how each exit code ends there."""
    python = scheduler_python(name)
    if not python.exists():
        pytest.skip(f"{name} is not installed: `make schedulers` does it")
    home = tmp_path / FOLDERS[-1]
    program = stand_in(home, json.dumps({"verdict": "published", "run_id": "2026-11-20-1", "directory": "/out/1"}))
    path = written(plan_in(home, program=str(program), timezone="America/Chicago"), name, tmp_path / "made")[0]
    (tmp_path / "ask.py").write_text(script, encoding="utf-8")
    ended = done(
        *(python, tmp_path / "ask.py", path, home / "code", json.dumps(CODES)),
        AIRFLOW_HOME=str(tmp_path / "airflow"),
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{tmp_path}/airflow.db",
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        DAGSTER_HOME="",
        PYTHONPATH="",
    )
    told = ended.stdout.partition("TOLD")[2]
    assert told, ended.stderr
    started = (home / "told").read_text(encoding="utf-8").splitlines()
    assert started[:2] == [str(home), "TZ=America/Chicago"]
    assert started[2:6] == ["run", "--project", str(home / "pipelines/nightly.yml"), "--quiet"]
    document: dict[str, object] = json.loads(told)
    return document


ENDED = {str(code): "done" if code == 0 else "failed" if code in FINAL else "again" for code in CODES}


def test_airflow_imports_the_dag_and_tries_again_what_may_get_better(tmp_path: Path) -> None:
    told = told_by("airflow", _AIRFLOW, tmp_path)
    assert told["errors"] == {}
    assert told["ended"] == ENDED
    assert (told["zone"], told["catchup"], told["at_once"]) == ("America/Chicago", False, 1)
    assert "0 2 * * *" in str(told["cron"])
    assert (told["retries"], told["delay"]) == (RETRIES, 900)


def test_dagster_loads_asset_and_schedule_and_tries_again_what_may_get_better(tmp_path: Path) -> None:
    told = told_by("dagster", _DAGSTER, tmp_path)
    assert told["ended"] == ENDED
    assert (told["cron"], told["zone"], told["on"]) == ("0 2 * * *", "America/Chicago", "RUNNING")
    assert (told["run"], told["retries"], told["delay"]) == ("2026-11-20-1", RETRIES, 900)


@pytest.mark.parametrize("kind", ["airflow", "dagster"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_python_reads_every_path_as_it_is(kind: str, folder: str, tmp_path: Path) -> None:
    # What holds without Airflow or Dagster at hand: the file compiles, and its constants are what they should be.
    text = rendered(plan_in(tmp_path / folder), kind).text
    compile(text, kind, "exec")
    constants: dict[str, object] = {}
    exec("\n".join(re.findall(r"^(?:PROJECT|COMMAND|TIMEZONE) = .*$", text, re.M)), constants)  # noqa: S102
    assert constants["PROJECT"] == str(tmp_path / folder)
    assert str(tmp_path / folder / "pipelines/nightly.yml") in constants["COMMAND"]  # type: ignore[operator]


# Kubernetes


def documents(plan: Plan) -> list[dict[str, object]]:
    return list(yaml.safe_load_all(rendered(plan, "kubernetes").text))


@pytest.mark.parametrize("version", ["1.31", "1.34", kubernetes_validate.latest_version()])
def test_kubernetes_own_schemas_accept_every_document(version: str, tmp_path: Path) -> None:
    found = documents(plan_in(tmp_path, namespace="data", image="registry.example.com/dq:7"))
    assert [one["kind"] for one in found] == ["PersistentVolumeClaim", "PersistentVolumeClaim", "CronJob"]
    for one in found:
        kubernetes_validate.validate(one, version, strict=True)
    found[2]["spec"]["jobTemplate"]["spec"]["backoffLimits"] = 3  # type: ignore[index]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(found[2], version, strict=True)


def test_the_job_may_do_little_and_is_tried_again_where_it_helps(tmp_path: Path) -> None:
    job = documents(plan_in(tmp_path, timezone="America/Chicago"))[2]["spec"]
    assert isinstance(job, dict)
    assert (job["schedule"], job["timeZone"], job["concurrencyPolicy"]) == ("0 2 * * *", "America/Chicago", "Forbid")
    assert next(CronSim(job["schedule"], datetime(2026, 11, 23, 12, tzinfo=ZoneInfo(job["timeZone"])))).astimezone(
        UTC
    ) == datetime(2026, 11, 24, 8, tzinfo=UTC)
    spec = job["jobTemplate"]["spec"]
    disrupted, failed = spec["podFailurePolicy"]["rules"]
    assert (disrupted["action"], failed["action"], failed["onExitCodes"]["values"]) == ("Ignore", "FailJob", [2, 3])
    pod = spec["template"]["spec"]
    container = pod["containers"][0]
    assert failed["onExitCodes"]["containerName"] == container["name"]
    assert (pod["restartPolicy"], pod["automountServiceAccountToken"]) == ("Never", False)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    # The folder of the test has no other project file that would tell which one is meant.
    assert container["args"] == ["run", "--project", "/project/pipelines/nightly.yml", "--log-format", "json"]
    own = container["securityContext"]
    assert (own["readOnlyRootFilesystem"], own["allowPrivilegeEscalation"]) == (True, False)
    assert own["capabilities"] == {"drop": ["ALL"]}
    # 4 GB for the database.
    assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"] == "6Gi"
    mounted = {one["name"]: one for one in container["volumeMounts"]}
    assert mounted["output"]["mountPath"] == "/project/output"
    assert (mounted["data"]["mountPath"], mounted["data"]["readOnly"]) == ("/project/data/sample", True)
    assert {one["name"] for one in pod["volumes"]} == {*mounted}


def test_secrets_become_variables_and_files_of_the_job(tmp_path: Path) -> None:
    channels = (
        ChatChannel(type="slack", url="${CHAT_URL}"),
        WebhookChannel(type="webhook", url="https://x.example", secret="${file:SIGN_KEY}"),
    )
    job = documents(plan_in(tmp_path, settings={"notify": channels}))[2]
    kubernetes_validate.validate(job, "1.31", strict=True)
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]  # type: ignore[index]
    named = {one["name"]: one for one in pod["containers"][0]["env"]}
    assert named["CHAT_URL"]["valueFrom"]["secretKeyRef"] == {"name": "dq-nightly", "key": "CHAT_URL"}
    assert named["SIGN_KEY"]["value"] == "/run/secrets/dq/SIGN_KEY"
    volume = next(one for one in pod["volumes"] if one["name"] == "secrets")
    assert volume["secret"]["items"] == [{"key": "SIGN_KEY", "path": "SIGN_KEY"}]
    # 0440: the secret is read by the group of the user that a night is.
    assert volume["secret"]["defaultMode"] == 0o440


def test_a_folder_that_holds_the_project_is_no_volume_of_its_own(tmp_path: Path) -> None:
    paths = plan_in(tmp_path).project.settings.paths
    for data, count in ((".", 1), ("..", 1), ("output/in", 1), ("/extracts", 2), ("../extracts", 2)):
        plan = plan_in(tmp_path, settings={"paths": paths.model_copy(update={"data": Path(data)})})
        found = documents(plan)
        assert len(found) == count + 1, data
        kubernetes_validate.validate(found[-1], "1.31", strict=True)
