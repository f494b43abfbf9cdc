"""From an extract on disk to text rows in `raw`, with the line each came from; what cannot be read is kept aside."""

from dq_pipeline.extracts.landing import land, land_in_place

__all__ = ["land", "land_in_place"]
