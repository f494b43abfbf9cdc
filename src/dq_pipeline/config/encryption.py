"""The key of encrypted published files: an environment variable, or a file that one names; never in YAML.

A project that declares `permissions: {encrypted: true}` publishes files under DuckDB's own encryption (AES-256, GCM).
Whoever reads one, a command or the next night, needs the same key.
"""

import os

from dq_pipeline.config.secrets import fill
from dq_pipeline.errors import ConfigError

KEY_VARIABLE, KEY_FILE_VARIABLE = "DQ_PUBLISHED_KEY", "DQ_PUBLISHED_KEY_FILE"
# What is shorter can be guessed, for DuckDB makes the cipher's key of it by one hash.
SHORTEST_KEY = 32


def published_key() -> str:
    """The key of published files. Raises ConfigError where there is none, or one that can be guessed."""
    is_file = KEY_FILE_VARIABLE in os.environ and KEY_VARIABLE not in os.environ
    key = fill(
        f"${{file:{KEY_FILE_VARIABLE}}}" if is_file else f"${{{KEY_VARIABLE}}}", where="the published file's key"
    )
    if len(key) < SHORTEST_KEY:
        raise ConfigError(
            f"the key of published files has fewer than {SHORTEST_KEY} characters",
            where=KEY_FILE_VARIABLE if is_file else KEY_VARIABLE,
            remedy="make one with `openssl rand -hex 32`, and keep it apart from the backups of what it opens",
        )
    return key
