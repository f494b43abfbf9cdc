"""Whether a night is news for a channel: its verdict is another than the last, or a limit is newly missed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from dq_pipeline.config import Project
from dq_pipeline.config.telling import AnyChannel
from dq_pipeline.errors import Breach

CONCLUDED = frozenset({"published", "held", "failed"})
BAD = frozenset({"held", "failed"})
_NUMBER = re.compile(r"\d+")
# The place in a file, and the day in its name, are others every night.
_PASSING = re.compile(r", line \d+.*|\d{4}-?\d{2}-?\d{2}", re.DOTALL)
Manifest = Mapping[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True)
class State:
    """A night as one channel sees it: `verdict` and what is wrong. The keys name a trouble without its figures."""

    verdict: str
    keys: frozenset[Key]


@dataclass(frozen=True)
class News:
    """Why a channel is told: the verdict before (None before the first night), and the troubles that are new."""

    before: str | None
    new: frozenset[Key]


def key_of(breach: Breach) -> Key:
    """What makes a breach the same one in two nights: its gate and where it is, without folders, days and lines."""
    return breach.gate, _PASSING.sub("", PurePath(breach.where).name)


def owners_of(breach: Breach, project: Project) -> set[str]:
    """The owners whose data a breach is about; empty where that cannot be told."""
    text = f"{breach.where} {breach.message}"
    words = set(re.findall(r"[\w-]+", text))
    found = {one.owner for one in project.sources if one.name in words or _is_file_of(one.location, text)}
    found |= {issue.owner for issue in project.issues if issue.code in words}
    return found | set(project.settings.owners).intersection(re.findall(r"[\w-]+", breach.remedy))


def _is_file_of(location: Any, text: str) -> bool:
    """Whether a text names the file of a source, by what its path has before the first pattern or date."""
    stem = re.split(r"[*?\[{]", PurePath(str(getattr(location, "path", "") or "")).name)[0]
    return len(stem) > 2 and stem in text


def heard(breaches: Iterable[Breach], channel: AnyChannel, project: Project) -> list[Breach]:
    """The breaches that a channel hears of. One whose owner is not known is every owner's."""
    wanted = set(channel.only)
    owners = wanted & set(project.settings.owners)

    def is_heard(breach: Breach) -> bool:
        theirs = owners_of(breach, project) if owners else set()
        return not wanted or breach.gate in wanted or (bool(owners) and (not theirs or bool(theirs & owners)))

    return [breach for breach in breaches if is_heard(breach)]


def state_of(manifest: Manifest, channel: AnyChannel, project: Project) -> State | None:
    """A concluded attempt as a channel sees it; None where it says nothing to it."""
    verdict = str(manifest.get("verdict"))
    if verdict not in CONCLUDED:
        return None
    breaches = heard(breaches_in(manifest), channel, project)
    keys = {key_of(breach) for breach in breaches}
    if not channel.only:
        if verdict == "failed":
            keys.add(("error", _NUMBER.sub("#", str(manifest.get("error")))))
        return State(verdict, frozenset(keys))
    if verdict == "failed" and not breaches:
        return None
    # What others must repair is no trouble of this channel.
    return State("held" if breaches else "published", frozenset(keys))


def breaches_in(manifest: Manifest) -> list[Breach]:
    """The breaches that a manifest has; one that an older version wrote otherwise is left out."""
    found = manifest.get("breaches") or []
    names = ("gate", "where", "message", "remedy")
    return [
        Breach(*(str(one[name]) for name in names)) for one in found if isinstance(one, dict) and {*names} <= {*one}
    ]


def news(tonight: Manifest, before: Sequence[Manifest], channel: AnyChannel, project: Project) -> News | None:
    """Why the channel is told of `tonight`, or None. `before` are the earlier attempts, the last one last.

    What a channel could not be told is owed: attempts whose message did not get through are passed over, so that the
    next night is compared with what the channel knows.
    """
    now = state_of(tonight, channel, project)
    if now is None:
        return None
    last = next(
        filter(None, (state_of(one, channel, project) for one in reversed(before) if _was_told(one, channel))), None
    )
    found = News(last.verdict if last else None, now.keys - (last.keys if last else frozenset()))
    if channel.when == "always" or (channel.when == "bad" and now.verdict in BAD):
        return found
    if channel.when == "change" and (last is None or last.verdict != now.verdict or found.new):
        return found
    return None


def _was_told(manifest: Manifest, channel: AnyChannel) -> bool:
    told = [one for one in manifest.get("told") or [] if isinstance(one, dict) and one.get("channel") == channel.title]
    return not any(one.get("sent") is False for one in told)
