"""Somebody's own file as a project: it is read, its columns are mapped to an entity, and the files are written.

`reading` reads a file as a run will, `profiles` says what its values look like, `mapping` which column is what,
`deciding` what the key, the system, the kind of customer and the country are, and `writing` makes the project.
"""

from dq_pipeline.proposing.deciding import Ask, Question, SourceProposal, propose_source
from dq_pipeline.proposing.profiles import prepare
from dq_pipeline.proposing.reading import Wanted, read_extract
from dq_pipeline.proposing.writing import write_project

__all__ = ["Ask", "Question", "SourceProposal", "Wanted", "prepare", "propose_source", "read_extract", "write_project"]
