"""The project's files as frozen values: `load_project` reads and checks them all; errors name file, line and field."""

from dq_pipeline.config.entity import Comparison, Conflict, Entity, GoldenField, Level, Linkage
from dq_pipeline.config.gates import Gates
from dq_pipeline.config.loading import find_project_file, load_project, read_yaml
from dq_pipeline.config.project import IssueCheck, Owner, Project, Settings
from dq_pipeline.config.source import Column, Format, Source

__all__ = [
    "Column",
    "Comparison",
    "Conflict",
    "Entity",
    "Format",
    "Gates",
    "GoldenField",
    "IssueCheck",
    "Level",
    "Linkage",
    "Owner",
    "Project",
    "Settings",
    "Source",
    "find_project_file",
    "load_project",
    "read_yaml",
]
