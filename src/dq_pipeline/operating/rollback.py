"""Back to an earlier published night: its file is the whole state, so the next run knows nothing of what came after."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dq_pipeline import archive
from dq_pipeline.config import Project
from dq_pipeline.errors import ConfigError
from dq_pipeline.run import PUBLISHED_FILE
from dq_pipeline.warehouse import Warehouse


def roll_back(project: Project, name: str | None = None) -> tuple[str | None, str]:
    """Publish an earlier night again: `<run_id>` or `<run_id>/<attempt>`, the one before the present if None.

    Returns what was published before and what is now. Every published attempt after it is marked as rolled back; the
    mark of the one chosen goes, so that one can also go forward again. Raises ConfigError where there is none such,
    StageError where its file is damaged.
    """
    with archive.lock(project.output):
        output = project.output
        current = archive.published_directory(output)
        found = archive.manifests(output)
        known = [one for one in found if one["verdict"] == "published" and _file_of(one).is_file()]
        before = next((one for one in found if Path(one["directory"]).resolve() == current), None)
        target = _target(project, known, before, name)
        _verify(target)
        place = known.index(target)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        # The pointer moves first: a mark is only what `dq runs` shows, and the next call mends it.
        archive.point_to(output, Path(target["directory"]))
        for number, manifest in enumerate(known):
            if number > place and not manifest.get("rolled_back_at"):
                _mark(manifest, now)
        if target.get("rolled_back_at"):
            _mark(target, None)
        return archive.attempt_name(before) if before else None, archive.attempt_name(target)


def _target(
    project: Project, known: list[dict[str, Any]], before: dict[str, Any] | None, name: str | None
) -> dict[str, Any]:
    if name is None:
        place = known.index(before) if before in known else len(known)
        earlier = [one for one in known[:place] if not one.get("rolled_back_at")]
        if not earlier:
            raise ConfigError(
                "no earlier night is kept", where=project.output / "runs", remedy="`dq runs` lists what there is"
            )
        return earlier[-1]
    named = [one for one in known if name in {one["run_id"], archive.attempt_name(one)}]
    if not named:
        names = ", ".join(archive.attempt_name(one) for one in known[-10:]) or "none"
        raise ConfigError(
            f"{name} is no published night that is kept",
            where=project.output / "runs",
            remedy=f"take one of these: {names}",
        )
    if named[-1] == before:
        raise ConfigError(f"{name} is what is published", remedy="`dq runs` lists the others")
    return named[-1]


def _file_of(manifest: dict[str, Any]) -> Path:
    return Path(manifest["directory"]) / PUBLISHED_FILE


def _verify(manifest: dict[str, Any]) -> None:
    """The file opens, and is this run's. Raises StageError, or ConfigError where it is another's."""
    reader = Warehouse(_file_of(manifest), read_only=True)
    try:
        found = reader.value("select max(run_id) from ops.stages")
    finally:
        reader.close()
    if found != manifest["run_id"]:
        raise ConfigError(
            f"the file is of {found}, not of {manifest['run_id']}",
            where=_file_of(manifest),
            remedy="restore it from a backup, or choose another night",
        )


def _mark(manifest: dict[str, Any], at: str | None) -> None:
    told = {key: value for key, value in manifest.items() if key not in {"directory", "rolled_back_at"}}
    archive.write_json(
        Path(manifest["directory"]) / archive.MANIFEST, told | ({"rolled_back_at": at} if at is not None else {})
    )
