"""The report and the run's summary in the reader's language: catalogues, sentences, numbers and dates."""

from dq_pipeline.language.language import LANGUAGES, Language, speak

__all__ = ["LANGUAGES", "Language", "speak"]
