"""Telling how a run went: its log, notifications, metrics and lineage. Nothing here can fail a run."""

from dq_pipeline.telling.log import RunLog
from dq_pipeline.telling.ready import hindrances
from dq_pipeline.telling.teller import Observer, Teller
from dq_pipeline.telling.trying import send_samples

__all__ = ["Observer", "RunLog", "Teller", "hindrances", "send_samples"]
