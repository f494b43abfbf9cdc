"""What a schedule says of a project, whoever reads it: hours, zones, paths, secrets, retries, and what is refused."""

import json
from datetime import date, time
from pathlib import Path

import pytest
from pydantic import ValidationError

from dq_pipeline import machine
from dq_pipeline.config.schedule import Schedule
from dq_pipeline.config.telling import ChatChannel, EmailChannel, Prometheus
from dq_pipeline.errors import BreachError, ConfigError, LockError, StageError
from dq_pipeline.scheduling import EXIT_CODES, FINAL, KINDS, render, warnings_of, write_files
from tests.conftest import CHECKOUT, call
from tests.schedule_case import REFUSED, plan_in, rendered


@pytest.mark.parametrize(
    ("said", "at"),
    [("02:00", time(2)), ("12:30", time(12, 30)), (750, time(12, 30)), (0, time(0)), ("23:59", time(23, 59))],
)
def test_an_hour_is_read_with_and_without_quotes(said: object, at: time) -> None:
    assert Schedule.model_validate({"at": said}).at == at


@pytest.mark.parametrize(
    "said",
    [{"at": "25:00"}, {"at": 1440}, {"at": "02:00:30"}, {"at": True}, {"timezone": "Mars"}, {"timezone": "../x"}],
)
def test_an_hour_that_there_is_not_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Schedule.model_validate(said)


def test_the_project_says_when_and_the_command_may_say_another_hour(tmp_path: Path) -> None:
    settings: dict[str, object] = {"schedule": Schedule(at=time(4, 15), timezone="Asia/Tokyo")}
    plan = plan_in(tmp_path, settings=settings)
    assert (plan.at, plan.zone) == (time(4, 15), "Asia/Tokyo")
    plan = plan_in(tmp_path, settings=settings, at=time(1), timezone="UTC")
    assert (plan.at, plan.zone) == (time(1), "UTC")
    assert plan_in(tmp_path).zone == (machine.timezone() or "UTC")


def test_every_exit_code_is_explained_and_a_breach_is_final_and_a_busy_lock_is_not() -> None:
    assert {0, StageError.exit_code, ConfigError.exit_code, BreachError.exit_code, LockError.exit_code} <= {*EXIT_CODES}
    assert {BreachError.exit_code, ConfigError.exit_code} <= {*FINAL}
    assert not {0, StageError.exit_code, LockError.exit_code} & {*FINAL}
    assert {*FINAL} <= {*EXIT_CODES}


@pytest.mark.parametrize("kind", KINDS)
def test_every_schedule_explains_what_dq_ends_with(kind: str, tmp_path: Path) -> None:
    text = "".join(one.text for one in render(plan_in(tmp_path), kind))
    for code, meaning in EXIT_CODES.items():
        assert meaning in text or code in {0, 130, 143}
    assert "{{" not in text
    assert "None\n" not in text.replace("-> None", "")


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_project_asks_for_is_named_and_nothing_else(kind: str, tmp_path: Path) -> None:
    channels = (
        ChatChannel(type="slack", url="${CHAT_URL}"),
        EmailChannel.model_validate(
            {
                "type": "email",
                "host": "mail",
                "from": "a@b",
                "to": ["c@d"],
                "user": "u",
                "password": "${file:MAIL_WORD}",
            }
        ),
    )
    text = rendered(plan_in(tmp_path, settings={"notify": channels}), kind).text
    assert "CHAT_URL" in text
    assert "MAIL_WORD" in text
    # What stands in cron's own folder may be read by all.
    assert "chmod 0600" in rendered(plan_in(tmp_path, settings={"notify": channels}, user="etl"), "cron").text
    bare = rendered(plan_in(tmp_path), kind).text
    assert not any(
        word in bare for word in ("EnvironmentFile", "LoadCredential", "secretKeyRef", "NAME=value", "asks for")
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_by_which_erased_people_are_known_is_handed_over_where_it_is_no_file(kind: str, tmp_path: Path) -> None:
    def needs_key() -> bool:
        return "DQ_SUPPRESSION_KEY" in rendered(plan_in(tmp_path), kind).text

    assert not needs_key()
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines/suppressions.csv").write_text("", encoding="utf-8")
    assert needs_key()
    # A file beside the project is no part of an image.
    (tmp_path / "suppressions.key").write_text("secret of 32 letters and a few more", encoding="utf-8")
    assert needs_key() is (kind == "kubernetes")
    assert "32 letters" not in rendered(plan_in(tmp_path), kind).text


def test_a_run_may_write_its_output_metrics_and_models_that_are_not_there_yet(tmp_path: Path) -> None:
    folder = Path(CHECKOUT)
    assert plan_in(folder).writable == (str(folder / "output"),)
    assert plan_in(tmp_path).writable == (str(tmp_path / "output"), str(tmp_path / "pipelines/models"))
    settings: dict[str, object] = {"prometheus": Prometheus(file=Path("/var/lib/node/dq.prom"))}
    assert plan_in(folder, settings=settings).writable == (str(folder / "output"), "/var/lib/node")


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("kind", KINDS)
def test_a_path_that_no_quotes_make_safe_is_refused(kind: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written into a schedule"):
        render(plan_in(tmp_path / name), kind)
    with pytest.raises(ConfigError, match="cannot be written into a schedule"):
        render(plan_in(tmp_path, program=f"/opt/{name}"), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_title_cannot_add_a_line(kind: str, tmp_path: Path) -> None:
    title = 'Night\nExecStart=/bin/evil\r* * * * * evil\u2028evil """ \\'
    lines = {
        line.strip()
        for one in render(plan_in(tmp_path, settings={"title": title}), kind)
        for line in one.text.splitlines()
    }
    assert not any(line.startswith(("ExecStart=/bin/evil", "* * * * *", "evil")) for line in lines)
    assert not any(line.endswith("\\") and "evil" in line for line in lines)


@pytest.mark.parametrize(
    "wishes",
    [
        {"timezone": "Mars/Base"},
        {"program": "dq"},
        {"user": "etl; reboot"},
        {"image": "x\nimage: evil"},
        {"namespace": "Data!"},
        {"storage": "much"},
    ],
    ids=lambda value: next(iter(value)),
)
def test_a_wish_that_means_nothing_is_refused_with_an_example(wishes: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        plan_in(tmp_path, **wishes)
    assert caught.value.remedy


def warned(kind: str, folder: Path, **wishes: object) -> str:
    return "\n".join(warnings_of(plan_in(folder, **wishes), kind))  # type: ignore[arg-type]


def test_an_hour_that_clocks_leave_out_is_told_where_no_night_would_begin(tmp_path: Path) -> None:
    for kind in ("systemd", "kubernetes"):
        assert "there is no 02:00 in America/Chicago" in warned(kind, tmp_path, timezone="America/Chicago")
        assert "there is no" not in warned(kind, tmp_path, timezone="America/Chicago", at=time(3, 30))
    assert "there is no" not in warned("cron", tmp_path, timezone="America/Chicago")
    missing = plan_in(tmp_path, timezone="America/Chicago").missing_day
    # Since 2007 the second Sunday of March.
    assert isinstance(missing, date)
    assert (missing.month, missing.weekday(), 8 <= missing.day <= 14) == (3, 6, True)
    assert plan_in(tmp_path, timezone="Asia/Tokyo").missing_day is None


def test_what_would_not_do_is_told_before_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: dict[str, object] = {"run_date": date(2026, 11, 20)}
    assert "every night would be that of 2026-11-20" in warned("cron", tmp_path, settings=settings)
    assert "run_date" not in warned("cron", tmp_path)
    elsewhere = "Asia/Tokyo" if machine.timezone() != "Asia/Tokyo" else "Asia/Seoul"
    assert "CRON_TZ" in warned("cron", tmp_path, timezone=elsewhere)
    assert "CRON_TZ" not in warned("cron", tmp_path)
    monkeypatch.setattr(machine, "user", lambda: None)
    assert "runs as root" in warned("systemd", tmp_path)
    assert "runs as root" not in warned("systemd", tmp_path, user="etl")
    assert "no model is trained of address, customer" in warned("kubernetes", tmp_path)
    assert "no model" not in warned("kubernetes", CHECKOUT)
    bare = plan_in(tmp_path).project.settings.resources.model_copy(update={"memory_limit": None})
    assert "a guess" in warned("kubernetes", tmp_path, settings={"resources": bare})


def test_files_are_written_for_all_to_read_and_never_over_others(tmp_path: Path) -> None:
    files = render(plan_in(tmp_path), "systemd")
    paths = write_files(files, tmp_path / "deploy")
    assert [path.name for path in paths] == ["dq-nightly.service", "dq-nightly.timer"]
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o644}
    write_files(files, tmp_path / "deploy")
    paths[1].write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="there already"):
        write_files(files, tmp_path / "deploy")
    assert paths[1].read_text(encoding="utf-8") == "mine"
    write_files(files, tmp_path / "deploy", force=True)
    assert paths[1].read_text(encoding="utf-8") == files[1].text


def test_the_command_prints_files_and_tells_warnings_apart(tmp_path: Path) -> None:
    told = json.loads(
        call("schedule", "airflow", "--project", CHECKOUT, "--at", "04:05", "--timezone", "UTC", "--json").text
    )
    assert told["files"][0]["name"] == "dq_nightly_dag.py"
    assert '"5 4 * * *"' in told["files"][0]["text"]
    # The sample's nights all have one date.
    assert "run_date" in told["warnings"][0]
    spoken = call("schedule", "systemd", "--project", CHECKOUT, "--user", "etl", "--lang", "es", "--output", tmp_path)
    assert spoken.code == 0
    assert str(tmp_path / "dq-nightly.timer") in spoken.text
    assert "run_date" in spoken.text
    assert "take it out" not in spoken.text
    assert call("schedule", "systemd", "--project", CHECKOUT, "--at", "26:00").code == 2
    refused = call("schedule", "cron", "--project", CHECKOUT, "--image", "x")
    assert refused.code == 2
