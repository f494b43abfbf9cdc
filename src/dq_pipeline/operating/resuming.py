"""Going on after the last complete stage of an attempt that did not come to its end, if nothing has changed since."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from dq_pipeline import archive, recording
from dq_pipeline.config import Project
from dq_pipeline.errors import ConfigError

_AFRESH = "run without --resume: the night begins again"


def resumable(project: Project, run_date: date | None, stage_names: Sequence[str]) -> tuple[dict[str, Any], str]:
    """The manifest of the attempt to go on with, and the first stage to run.

    Raises ConfigError that says why it cannot go on: nothing is left to do, or the program or the project changed.
    """
    manifest = archive.last_attempt(project.output)
    run_id = manifest["run_id"]
    if manifest["verdict"] == "published":
        raise ConfigError(f"{run_id} was published: nothing is left to do", remedy="`dq run` begins another one")
    if manifest["verdict"] == "held":
        raise ConfigError(
            f"{run_id} came to its end and was held by a gate",
            remedy="repair what its report names, then `dq run`; or `dq run --from score` after a change of gates",
        )
    if run_date not in {None, date.fromisoformat(manifest["run_date"])}:
        raise ConfigError(f"the last run was for {manifest['run_date']}, not {run_date}", remedy=_AFRESH)
    done = [stage["stage"] for stage in manifest["stages"]]
    # One that got to its end and was not named as published writes its file once more.
    following = stage_names[min(len(done), len(stage_names) - 1)]
    if not done or done != list(stage_names[: len(done)]):
        raise ConfigError(f"{run_id} completed no stage to go on from", remedy=_AFRESH)
    _refuse_other_program(manifest)
    _refuse_other_project(project, manifest, are_models_made="link" in done)
    return manifest, following


def refuse_other_inputs(manifest: Mapping[str, Any], fetched: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Raise ConfigError where the extracts `fetched` now are not those that the attempt of the manifest read."""
    for source, files in manifest["snapshots"].items():
        if [file["sha256"] for file in files] != [file["sha256"] for file in fetched.get(source, ())]:
            raise ConfigError(f"the extract of {source} is not the one that {manifest['run_id']} read", remedy=_AFRESH)


def _refuse_other_program(manifest: Mapping[str, Any]) -> None:
    known = manifest.get("versions", {})
    changed = [name for name, version in recording.versions().items() if known.get(name) != version]
    if manifest.get("code") != recording.code_hash():
        changed = changed or ["dq_pipeline"]
    if changed:
        raise ConfigError(f"the program changed since {manifest['run_id']}: {', '.join(changed)}", remedy=_AFRESH)


def _refuse_other_project(project: Project, manifest: Mapping[str, Any], *, are_models_made: bool) -> None:
    """Models that the attempt itself trained, before it recorded that its stage was complete, are no change."""
    before, now = dict(manifest.get("project_files", {})), recording.project_files(project)
    if not are_models_made:
        models = {str(project.model_path(entity.name).relative_to(project.root)) for entity in project.entities}
        now = {name: digest for name, digest in now.items() if name in before or name not in models}
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    if changed:
        shown = ", ".join(changed[:5]) + (", …" if len(changed) > 5 else "")
        raise ConfigError(f"the project changed since {manifest['run_id']}: {shown}", remedy=_AFRESH)
