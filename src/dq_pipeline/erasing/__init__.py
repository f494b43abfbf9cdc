"""Erasing people: from every file that runs wrote, with a certificate, and so that no extract brings them back."""

from dq_pipeline.erasing.erase import Preview, erase, find_people, preview
from dq_pipeline.erasing.finishing import finish_erasure, resume_erasure

__all__ = ["Preview", "erase", "find_people", "finish_erasure", "preview", "resume_erasure"]
