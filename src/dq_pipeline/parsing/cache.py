"""Answers of earlier runs, in a Parquet file that may be lost: it saves time and changes no result."""

import os
from collections.abc import Sequence
from contextlib import suppress
from functools import cache as once
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from dq_pipeline.errors import StageError
from dq_pipeline.warehouse import Warehouse, literal, table_name


@once
def fingerprint() -> str:
    """What an answer depends on besides its text: usaddress's version and the source of this package."""
    digest = sha256(version("usaddress").encode())
    sources = (file for file in files("dq_pipeline.parsing").iterdir() if file.name.endswith(".py"))
    for file in sorted(sources, key=lambda file: file.name):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def recall(warehouse: Warehouse, cache: Path, columns: Sequence[str]) -> None:
    """Fill the table `parsed` with what the cache knows of `texts`: nothing if it is broken or outdated."""
    if not cache.is_file():
        return
    names = ", ".join(columns)
    with suppress(StageError):
        warehouse.execute(
            f"""insert into parsed
                select {names} from read_parquet({literal(cache)}) semi join texts using (address_text)
                where fingerprint = {literal(fingerprint())}
                qualify row_number() over (partition by address_text order by {names}) = 1"""
        )


def remember(warehouse: Warehouse, cache: Path, table: str) -> None:
    """Write the answers of a run for the next; a cache that cannot be written is no failure."""
    for leftover in cache.parent.glob(f"{cache.name}.*.part"):
        # A run that was killed left it.
        with suppress(OSError):
            leftover.unlink()
    half = cache.with_name(f"{cache.name}.{os.getpid()}.part")
    with suppress(StageError, OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        warehouse.execute(
            f"""copy (
                select {literal(fingerprint())} as fingerprint, answer.* from {table_name(table)} answer
                where parse_status <> 'failed' order by address_text
            ) to {literal(half)} (format parquet)"""
        )
        half.replace(cache)
    with suppress(OSError):
        half.unlink(missing_ok=True)
