"""What keeps a night safe from its surroundings: being stopped, being continued, room on the disk, old nights."""

from dq_pipeline.operating.clock import night_of_clock
from dq_pipeline.operating.interruption import CancelledError, Interruption
from dq_pipeline.operating.resuming import refuse_other_inputs, resumable
from dq_pipeline.operating.retention import Pruned, prune
from dq_pipeline.operating.rollback import roll_back
from dq_pipeline.operating.room import check_room, input_bytes, sizes

__all__ = [
    "CancelledError",
    "Interruption",
    "Pruned",
    "check_room",
    "input_bytes",
    "night_of_clock",
    "prune",
    "refuse_other_inputs",
    "resumable",
    "roll_back",
    "sizes",
]
