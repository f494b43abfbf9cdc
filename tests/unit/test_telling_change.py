"""When a night is news: a new verdict or a new breach, against what the channel was told last."""

import json
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.errors import Breach
from dq_pipeline.telling.change import key_of, news, owners_of
from tests.telling_case import CLUSTER, LOST, STALE, channel_of, concluded, manifests, project_of

Night = tuple[str, tuple[Breach, ...]]
GOOD: Night = ("published", ())


def told(root: Path, nights: list[Night], answers: dict[int, bool] | None = None, **fields: Any) -> list[bool]:
    """Whether a channel hears of each of these nights; `answers` says where its message did not get through."""
    channel = channel_of(**fields)
    project = project_of(root, channel)
    heard = []
    for number, (verdict, breaches) in enumerate(nights, start=1):
        run_id = f"2026-11-{number:02}-1"
        concluded(project, verdict, breaches, run_id=run_id)  # type: ignore[arg-type]
        *before, tonight = manifests(project)
        heard.append(news(tonight, before, channel, project) is not None)
        if heard[-1]:
            path = Path(tonight["directory"]) / "manifest.json"
            sent = (answers or {}).get(number, True)
            path.write_text(json.dumps(tonight | {"told": [{"channel": channel.title, "sent": sent}]}))
    return heard


def test_a_change_is_a_new_verdict_or_a_new_breach(tmp_path: Path) -> None:
    nights: list[Night] = [
        GOOD,
        GOOD,
        ("held", (LOST,)),
        ("held", (Breach(LOST.gate, LOST.where, "19 of 40 records are missing", LOST.remedy),)),
        ("held", (LOST, STALE)),
        ("held", (STALE,)),
        ("failed", ()),
        ("failed", ()),
        GOOD,
        GOOD,
    ]
    assert told(tmp_path, nights) == [True, False, True, False, True, False, True, False, True, False]


def test_killed_and_stopped_attempts_are_no_nights(tmp_path: Path) -> None:
    nights: list[Night] = [("held", (LOST,)), ("running", ()), ("stopped", ()), ("held", (LOST,)), GOOD]
    assert told(tmp_path, nights) == [True, False, False, False, True]


def test_what_did_not_get_through_is_owed(tmp_path: Path) -> None:
    nights: list[Night] = [GOOD, ("held", (LOST,)), ("held", (LOST,)), ("held", (LOST,))]
    assert told(tmp_path, nights, {2: False}) == [True, True, True, False]
    # Good again before anybody could be told: nobody is.
    assert told(tmp_path / "b", [GOOD, ("held", (LOST,)), GOOD], {2: False}) == [True, True, False]


def test_always_and_bad_are_said_for_a_channel(tmp_path: Path) -> None:
    nights: list[Night] = [GOOD, GOOD, ("held", (LOST,)), ("held", (LOST,)), ("failed", ()), GOOD, ("stopped", ())]
    assert told(tmp_path / "a", nights, when="always") == [True] * 6 + [False]
    assert told(tmp_path / "b", nights, when="bad") == [False, False, True, True, True, False, False]


@pytest.mark.parametrize(
    ("only", "heard"),
    [
        (["sales"], [True, True, False, True, False]),
        (["delivery"], [True, False, True, False, True]),
        (["records_lost"], [True, True, False, True, False]),
        (["id_churn"], [True, False, False, False, False]),
    ],
)
def test_a_channel_hears_of_its_own_breaches_alone(only: list[str], heard: list[bool], tmp_path: Path) -> None:
    nights: list[Night] = [GOOD, ("held", (LOST,)), ("held", (LOST, STALE)), ("held", (STALE,)), GOOD]
    assert told(tmp_path, nights, only=only) == heard


def test_a_run_that_fails_is_no_news_for_a_channel_of_owners(tmp_path: Path) -> None:
    nights: list[Night] = [GOOD, ("failed", ()), GOOD, ("held", (CLUSTER,))]
    assert told(tmp_path, nights, only=["sales"]) == [True, False, False, True]


def test_owners_are_found_by_source_file_code_and_remedy(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    assert owners_of(LOST, project) == {"sales"}
    assert owners_of(STALE, project) == {"delivery"}
    assert owners_of(Breach("issues", "V01", "31 rows", "repair them"), project) == {"warehouse"}
    assert owners_of(Breach("too_few_rows", "data/orders.csv", "3 rows", "see the contract"), project) == {"sales"}
    assert owners_of(CLUSTER, project) == set()


def test_days_lines_and_folders_make_no_other_breach() -> None:
    first = Breach("unparsed_lines", "/data/a/orders_20261119.csv, line 17", "", "")
    second = Breach("unparsed_lines", "/data/b/orders_20261120.csv, line 4", "", "")
    assert key_of(first) == key_of(second)
    assert key_of(Breach("issues", "S06", "", "")) != key_of(Breach("issues", "S07", "", ""))
