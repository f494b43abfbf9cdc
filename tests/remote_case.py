"""What the tests of remote sources share: one source at one server, fetched."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dq_pipeline.errors import Breach
from dq_pipeline.extracts.inputs import Delivery, InputFile
from dq_pipeline.extracts.snapshots import fetch
from tests.unit.landing_case import DAY, contract

QUICK = {"tries": 3, "timeout_seconds": 20, "total_seconds": 90}
# Big enough to be cut in the middle, small enough to be quick.
CONTENT = b"id,v\n" + b"".join(b"%d,value %d of many\n" % (n, n * 7919) for n in range(12_000))
OTHER = CONTENT.replace(b"value", b"VALUE")


def fetched(folder: Path, location: dict[str, Any], **transfer: float) -> Delivery:
    """The source at that location, fetched into `folder`/snapshots; no half file stays there."""
    source = contract(location={"transfer": QUICK | transfer} | location)
    project: Any = SimpleNamespace(pipelines=folder, data=folder, sources=(source,))
    found = fetch(project, source, DAY, folder / "snapshots")
    assert not list(folder.glob("snapshots/.*")), "half a file was left"
    return found


def content(found: Delivery) -> bytes:
    """The content of the one file that was fetched."""
    assert not isinstance(found, Breach), found
    (file,) = found
    assert isinstance(file, InputFile)
    assert file.path.stat().st_size == file.size
    return file.path.read_bytes()


def gate(found: Delivery) -> tuple[str, str]:
    """The gate and the sentence of the breach."""
    assert isinstance(found, Breach), found
    assert found.remedy
    return found.gate, found.message
