"""Somebody's own file as a project: it is read, its columns are mapped to an entity, and the files are written.

`reading` reads a file as a run will, `profiles` says what its values look like, `mapping` which column is what,
`deciding` what the key, the system, the kind of customer and the country are, and `writing` makes the project.
"""

from dq_pipeline.proposing.deciding import propose_source, suggest_columns
from dq_pipeline.proposing.profiles import prepare
from dq_pipeline.proposing.proposal import Ask, Question, SourceProposal
from dq_pipeline.proposing.reading import NoHeaderError, Wanted, read_extract
from dq_pipeline.proposing.wanting import wanted_sources
from dq_pipeline.proposing.writing import PARTS, check_free, write_project

__all__ = [
    "PARTS",
    "Ask",
    "NoHeaderError",
    "Question",
    "SourceProposal",
    "Wanted",
    "check_free",
    "prepare",
    "propose_source",
    "read_extract",
    "suggest_columns",
    "wanted_sources",
    "write_project",
]
