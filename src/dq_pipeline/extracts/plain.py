"""A plain copy of an extract that the rest can rely on: hashed, unpacked, in UTF-8, and looked through once."""

import bz2
import codecs
import gzip
import hashlib
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import zstandard

from dq_pipeline.config import Source
from dq_pipeline.errors import Breach
from dq_pipeline.extracts.inputs import InputFile

CHUNK_BYTES = 1 << 20
PACKED = (".gz", ".zst", ".bz2", ".xz")
# A zip bomb must not fill the disk: an extract that unpacks to more than this many times its size is refused.
MAX_EXPANSION = 1000
MIN_LIMIT_BYTES = 100_000_000


@dataclass(frozen=True)
class PlainFile:
    """An extract, readable as plain UTF-8 text (for text formats). `lines` counts line ends, as editors do."""

    source_file: InputFile
    path: Path
    sha256: str
    size: int
    lines: int
    is_clean_text: bool


def file_hash(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def make_plain(source: Source, file: InputFile, folder: Path) -> PlainFile | Breach:
    """Read the file once; unpack and recode it into `folder` if it is packed or not UTF-8."""
    path = file.path
    try:
        digest = file.sha256 or file_hash(path)
        size = path.stat().st_size
        if size == 0:
            return _breach("empty_extract", file, f"the extract of {source.name} is empty (0 bytes)", source)
        plain = path
        if path.suffix.lower() in PACKED:
            plain = folder / f"{source.name}-{digest[:12]}-{path.stem}"
            _unpack(path, plain, max(size * MAX_EXPANSION, MIN_LIMIT_BYTES))
        if source.format.type == "csv" and codecs.lookup(source.format.encoding).name != "utf-8":
            recoded = folder / f"{source.name}-{digest[:12]}.utf8"
            _recode(plain, recoded, source.format.encoding)
            plain = recoded
        lines, is_clean = _look_through(plain) if source.format.type in {"csv", "jsonl"} else (0, True)
        if source.format.type == "jsonl" and not is_clean:
            # Bytes that are no UTF-8 are written as \\xNN, which is no JSON: their lines are kept aside, others live.
            recoded = folder / f"{source.name}-{digest[:12]}.utf8"
            _recode(plain, recoded, "utf-8", errors="backslashreplace")
            plain = recoded
    except UnicodeError as error:
        return _breach("unreadable_extract", file, f"the extract is not {source.format.encoding}: {error}", source)
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zstandard.ZstdError, _ExpansionError) as error:
        return _breach("truncated_extract", file, f"the packed file is cut short or damaged: {error}", source)
    except OSError as error:
        return _breach("unreadable_extract", file, f"the extract cannot be read: {error.strerror or error}", source)
    if plain.stat().st_size == 0:
        return _breach("empty_extract", file, f"the extract of {source.name} is empty once unpacked", source)
    return PlainFile(file, plain, digest, size, lines, is_clean)


class _ExpansionError(Exception):
    """A packed file grew beyond all measure."""


def _unpack(path: Path, target: Path, limit: int) -> None:
    packing = path.suffix.lower()
    if packing == ".zst":
        with (
            path.open("rb") as packed,
            zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as stream,
        ):
            _copy(cast(BinaryIO, stream), target, limit)
        if not _zstd_is_whole(path):
            raise EOFError("the last frame has no end")
        return
    openers: dict[str, Callable[[Path], Any]] = {".gz": gzip.GzipFile, ".bz2": bz2.BZ2File, ".xz": lzma.LZMAFile}
    with openers[packing](path) as stream:
        _copy(stream, target, limit)


def _zstd_is_whole(path: Path) -> bool:
    """Whether the last zstd frame ends: the stream reader itself returns what it has of a cut frame in silence."""
    decompressor = zstandard.ZstdDecompressor().decompressobj()
    with path.open("rb") as packed:
        while chunk := packed.read(CHUNK_BYTES):
            while chunk:
                if decompressor.eof:
                    decompressor = zstandard.ZstdDecompressor().decompressobj()
                decompressor.decompress(chunk)
                chunk = decompressor.unused_data
    return decompressor.eof


def _copy(stream: BinaryIO, target: Path, limit: int) -> None:
    written = 0
    with target.open("wb") as plain:
        while chunk := stream.read(CHUNK_BYTES):
            written += len(chunk)
            if written > limit:
                raise _ExpansionError(f"it unpacks to more than {MAX_EXPANSION} times its size")
            plain.write(chunk)


def _recode(path: Path, target: Path, encoding: str, errors: str = "surrogateescape") -> None:
    """Write `path` as UTF-8; a byte that is not of the encoding becomes a lone surrogate, which the reader refuses."""
    decoder = codecs.getincrementaldecoder(encoding)(errors=errors)
    with path.open("rb") as stream, target.open("wb") as plain:
        while chunk := stream.read(CHUNK_BYTES):
            plain.write(decoder.decode(chunk).encode("utf-8", errors="surrogateescape"))
        plain.write(decoder.decode(b"", final=True).encode("utf-8", errors="surrogateescape"))


def _look_through(path: Path) -> tuple[int, bool]:
    """Count the lines, and tell whether the file is UTF-8 without NUL bytes and without lone carriage returns."""
    lines, returns, is_clean, last = 0, 0, True, b"\n"
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            lines += chunk.count(b"\n")
            # Every carriage return must have its line end: those in pairs, and one pair cut in two, are taken off.
            returns += chunk.count(b"\r") - chunk.count(b"\r\n") - (last == b"\r" and chunk[:1] == b"\n")
            if is_clean:
                is_clean = b"\0" not in chunk and _decodes(decoder, chunk)
            last = chunk[-1:]
    is_clean = is_clean and not returns
    return lines + (last != b"\n"), is_clean and _decodes(decoder, b"", final=True)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _breach(gate: str, file: InputFile, message: str, source: Source) -> Breach:
    return Breach(gate, file.place, message, f"ask {source.owner} to deliver {source.name} again, then run again")
