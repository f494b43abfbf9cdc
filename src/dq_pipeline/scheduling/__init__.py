"""What starts a night: units, crontabs, DAGs, assets and jobs for the schedulers of others, made for one project."""

from dq_pipeline.scheduling.plan import EXIT_CODES, FINAL, RETRIES, RETRY_MINUTES, Plan, Wishes, make_plan, warnings_of
from dq_pipeline.scheduling.rendering import KINDS, File, render, write_files

__all__ = [
    "EXIT_CODES",
    "FINAL",
    "KINDS",
    "RETRIES",
    "RETRY_MINUTES",
    "File",
    "Plan",
    "Wishes",
    "make_plan",
    "render",
    "warnings_of",
    "write_files",
]
