"""Finding a master by whatever is known of it: an index made when a night is published, and searches in it."""

from dq_pipeline.lookup.index import CARDS, KEYS, build_lookup, lookup_select
from dq_pipeline.lookup.search import Answer, Candidate, Reason, Search

__all__ = ["CARDS", "KEYS", "Answer", "Candidate", "Reason", "Search", "build_lookup", "lookup_select"]
