"""The words that the engine writes into its tables, as the report says them: `came_back` is came back."""

TERMS = (
    # Dimensions of quality, severities, statuses of scores.
    *("completeness", "validity", "uniqueness", "consistency", "timeliness", "accuracy"),
    *("critical", "warning", "info", "met", "missed", "no target", "not reached"),
    # Verdicts and stages of a run.
    *("published", "held", "failed", "stopped"),
    *("ingest", "validate", "standardize", "link", "master", "score", "publish"),
    # What became of a defect, and of a master id.
    *("new", "open", "worse", "better", "done", "came back"),
    *("created", "merged", "split", "retired"),
    # What is unlike other nights.
    *("volume", "freshness", "null rate", "distinct count", "distribution", "touchpoint new", "touchpoint silent"),
    # Gates.
    *("changed shape", "conservation", "critical expectation", "expectation error", "missing extract", "empty extract"),
    *("unreadable extract", "unparsed lines", "too few rows", "too many rows", "stale extract", "id churn", "identity"),
    *("issues", "quarantine rows", "quarantine rows in all", "quarantine share", "quarantine share in all"),
    *("records lost", "largest cluster", "model drift", "judged precision", "judged recall"),
    *("volume drop", "volume rise", "truncated extract", "oversized extract", "score"),
    *("anomaly volume", "anomaly freshness", "anomaly null rate", "anomaly distinct count", "anomaly distribution"),
    # Why records are one, and why a pair waits for a decision.
    *("model", "same profile", "single", "rule", "judgement", "household", "confusable", "conflict", "reopened"),
    *("contradiction", "no strong evidence", "person and organization", "clusters"),
    # How far values agree, and what that says.
    *("same", "different", "unsure", "only left", "only right"),
    *("two records taken at random", "relatives and neighbors, who share much", "neither way"),
    *("very strongly for", "strongly for", "clearly for", "slightly for"),
    *("very strongly against", "strongly against", "clearly against", "slightly against"),
    # Where a list is.
    *("of the published database", "of this run’s working database"),
    *("source", "all", "touchpoint", "unknown"),
    # How many records a master has.
    *("1 record", "5 to 9", "10 to 19", "20 or more"),
    # How a column is not as its contract says, and what became of it.
    *("missing", "renamed", "retyped", "carried", "left out", "empty", "kept out", "proposed", "refused"),
    # What is there instead of the file that was expected.
    *(
        "a folder",
        "a pipe",
        "a device",
        "a socket",
        "a ZIP file or a workbook",
        "a Parquet file",
        "a PDF",
        "UTF-16 text",
    ),
    *("a gzip file", "a zstd file", "a bzip2 file", "an xz file", "JSON lines in UTF-8", "(no name)"),
    # Sentences that SQL composes outside a column of a SELECT's own.
    "anything else",
    "correct the row in {source}; it is checked again in the next run",
    *(
        "{name} is an integer",
        "{name} is a decimal",
        "{name} is a date",
        "{name} is a timestamp",
        "{name} is a boolean",
    ),
)
