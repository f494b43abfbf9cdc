"""What is needed to reach a source: its address and credentials with every placeholder filled in, and its patience."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dq_pipeline.config import Project, Source
from dq_pipeline.config.address import Address, parse_address
from dq_pipeline.config.loading import line_of
from dq_pipeline.config.location import Transfer
from dq_pipeline.config.secrets import fill, is_placeholder
from dq_pipeline.errors import ConfigError
from dq_pipeline.extracts.locate import dated
from dq_pipeline.extracts.remote.errors import BrokenError

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


@dataclass(frozen=True)
class Connection:
    """Where to go and with what. `file` is the source's YAML, for errors that say where to look."""

    address: Address
    access: Mapping[str, str]
    transfer: Transfer
    file: Path

    @property
    def known_ca_file(self) -> str | None:
        """The file of certificates to trust, if one is named. Raises ConfigError where there is none of that name."""
        return self.file_of("ca_file")

    def file_of(self, name: str) -> str | None:
        """The path under `access.<name>`. Raises ConfigError where there is no such file."""
        path = self.access.get(name)
        if path is not None and not Path(path).expanduser().is_file():
            raise ConfigError(
                f"access.{name} names a file that is not there",
                where=self.file,
                remedy="correct the path, or the environment variable that it comes from",
            )
        return str(Path(path).expanduser()) if path is not None else None


def connection_of(project: Project, source: Source, run_date: date) -> Connection:
    """The source's address and credentials. Raises ConfigError that names variable, file and line."""
    file = project.pipelines / "sources" / f"{source.name}.yml"
    location = source.location
    field = ("location", "database", "url") if location.database else ("location", "url")
    written = location.database.url if location.database else location.url or ""
    schemes = ("postgresql", "mysql", "sqlite") if location.database else ("s3", "sftp", "https")
    try:
        address = _filled(dated(written, run_date), _line(file, field))
    except ValueError as error:
        raise ConfigError(str(error), where=_line(file, field), remedy="write scheme://user@host/path") from None
    if address.scheme not in schemes:
        raise ConfigError(
            f"the address must begin with one of {', '.join(schemes)}",
            where=_line(file, field),
            remedy="correct the environment variable that it comes from",
        )
    access = {
        name: fill(str(value), where=_line(file, ("location", "access", name)))
        for name, value in location.access
        if value is not None
    }
    return Connection(address, access, location.transfer, file)


def _line(file: Path, field: tuple[str, ...]) -> str:
    return f"{file}, line {line_of(file, field)}" if file.exists() else str(file)


def _filled(written: str, where: str) -> Address:
    """The address; in its parts a placeholder's value is taken as it is, escaped or not."""
    if is_placeholder(written):
        return parse_address(fill(written, where=where))
    address = parse_address(written)
    parts = (address.path, address.query, address.user, address.password)
    return Address(
        address.scheme, fill(address.host, where=where), address.port, *(fill(part, where=where) for part in parts)
    )


class Patience:
    """How often and how long one source is tried."""

    def __init__(self, transfer: Transfer) -> None:
        self.transfer = transfer
        self._end = time.monotonic() + transfer.total_seconds

    def left(self) -> float:
        """Seconds that one answer may take now. Raises BrokenError where the source's time is over."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise BrokenError(f"it took more than {self.transfer.total_seconds:g} s in all")
        return min(left, self.transfer.timeout_seconds)

    def left_in_all(self) -> float:
        """Seconds that are left in all. Raises BrokenError where there are none."""
        self.left()
        return self._end - time.monotonic()

    def pause(self, tried: int) -> None:
        """Wait before the next try: longer each time, and never in step with others."""
        wait = min(FIRST_PAUSE * 2 ** (tried - 1), LONGEST_PAUSE) * random.uniform(0.5, 1.5)
        time.sleep(max(0.0, min(wait, self._end - time.monotonic())))
