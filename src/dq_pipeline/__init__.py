"""dq_pipeline: nightly extracts in, one published truth and a data-quality scorecard out."""

__version__ = "0.1.0"
