"""What a run reads of a source: files that do not change any more, and what is known of where they came from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dq_pipeline.errors import Breach
from dq_pipeline.regular import printable


@dataclass(frozen=True)
class InputFile:
    """One file of an extract: `path` is what is read, `name` what the file is called at its source.

    `place` is where it came from, as people may read it: without user, password and query. `etag` and `modified_at`
    (ISO, UTC) are the source's own, where it tells them. `suppressed` is the number of its rows that `path`
    lacks, or has without a person, because the person was erased.
    """

    path: Path
    name: str
    place: str
    sha256: str | None = None
    size: int | None = None
    etag: str | None = None
    modified_at: str | None = None
    suppressed: int = 0

    def as_document(self) -> dict[str, Any]:
        """As the manifest lists it."""
        return {
            "name": self.name,
            "place": self.place,
            "sha256": self.sha256,
            "bytes": self.size,
            "etag": self.etag,
            "modified_at": self.modified_at,
            "snapshot": self.path.name,
            "suppressed": self.suppressed,
        }


Delivery = tuple[InputFile, ...] | Breach


def in_place(path: Path) -> InputFile:
    """A local file that is read where it is."""
    return InputFile(path, printable(path.name), printable(str(path)))
