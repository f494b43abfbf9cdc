"""Why an extract of another machine cannot be had. Texts hold no secret: what a library says goes through `redact`."""

from dq_pipeline.config.secrets import redact


class FetchError(Exception):
    """`reason` is a whole sentence without its full stop."""

    def __init__(self, reason: str) -> None:
        self.reason = " ".join(redact(reason).split())[:400]
        super().__init__(self.reason)


class AbsentError(FetchError):
    """The server answers, and has no such file."""


class RefusedError(FetchError):
    """The server or its certificate or key says no: to ask again would not help."""


class BrokenError(FetchError):
    """A connection that could not be made, or broke, or took too long: worth another try."""


class ReplacedError(FetchError):
    """The file is another one than when the download began: from the beginning, then."""


class QueryError(FetchError):
    """The database does not take the query."""


def told(error: BaseException) -> str:
    """What a library says went wrong, or its kind where it says nothing."""
    return str(error).strip() or type(error).__name__
