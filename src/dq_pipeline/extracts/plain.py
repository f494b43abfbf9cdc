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
from dq_pipeline.errors import Breach, lacks_room
from dq_pipeline.extracts.inputs import InputFile

CHUNK_BYTES = 1 << 20
# Four bytes of zstd may stand for 128 KB, and what a chunk stands for is held in memory at once.
ZSTD_CHUNK_BYTES = 1 << 12
PACKED = (".gz", ".zst", ".bz2", ".xz")
# How files begin that are no text, and what they are then called.
_SIGNATURES = (
    (b"\x1f\x8b", "a gzip file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"BZh91AY&SY", "a bzip2 file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"PK\x03\x04", "a ZIP file or a workbook"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF-", "a PDF"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)


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
            plain = folder / f"{source.name}-{digest[:12]}.plain"
            _unpack(path, plain, *source.limits.unpacked(size))
        if source.format.type in {"csv", "jsonl"} and (kind := _no_text(plain, source)):
            remedy = f"declare it under `format` in sources/{source.name}.yml, or ask {source.owner} for the other"
            message = f"this is {kind}, not {_declared(source)}"
            return Breach("unreadable_extract", file.place, message, remedy)
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
    except _ExpansionError as error:
        return _oversized(source, file, error)
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zstandard.ZstdError) as error:
        return _breach("truncated_extract", file, f"the packed file is cut short or damaged: {error}", source)
    except OSError as error:
        if lacks_room(error):
            raise
        return _breach("unreadable_extract", file, f"the extract cannot be read: {error.strerror or error}", source)
    if plain.stat().st_size == 0:
        return _breach("empty_extract", file, f"the extract of {source.name} is empty once unpacked", source)
    return PlainFile(file, plain, digest, size, lines, is_clean)


class _ExpansionError(Exception):
    """A packed file grows beyond its limit: of `most` bytes, which the field `limit` of the contract gives."""

    def __init__(self, most: int, limit: str) -> None:
        super().__init__(limit)
        self.most, self.limit = most, limit


def check_unpacked(source: Source, file: InputFile, size: int, unpacked: int) -> Breach | None:
    """The breach that a workbook or a Parquet file tells of more bytes than its contract allows."""
    most, limit = source.limits.unpacked(size)
    if unpacked <= most:
        return None
    return _oversized(source, file, _ExpansionError(most, limit))


def _oversized(source: Source, file: InputFile, error: _ExpansionError) -> Breach:
    remedy = f"if the file is right, raise `limits.{error.limit}` in sources/{source.name}.yml; else ask {source.owner}"
    message = f"it unpacks to more than {error.most:,} bytes, which is what `limits.{error.limit}` allows"
    return Breach("oversized_extract", file.place, message, remedy)


def _no_text(path: Path, source: Source) -> str:
    """What a file is that is declared to be text and is none; empty where it may be text."""
    with path.open("rb") as stream:
        first = stream.read(16)
        if first.startswith(b"PAR1"):
            stream.seek(-4, 2)
            first = first if stream.read() == b"PAR1" else b""
    encoding = "utf-8" if source.format.type == "jsonl" else codecs.lookup(source.format.encoding).name
    if encoding.startswith(("utf-16", "utf-32")):
        return ""
    kinds = (kind for signature, kind in _SIGNATURES if first.startswith(signature))
    return next((kind for kind in kinds if encoding == "utf-8" or not kind.startswith("UTF")), "")


def _declared(source: Source) -> str:
    return f"{source.format.encoding} text" if source.format.type == "csv" else "JSON lines in UTF-8"


def _unpack(path: Path, target: Path, limit: int, name: str) -> None:
    packing = path.suffix.lower()
    if packing == ".zst":
        with (
            path.open("rb") as packed,
            zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as stream,
        ):
            _copy(cast(BinaryIO, stream), target, limit, name)
        if not _zstd_is_whole(path):
            raise EOFError("the last frame has no end")
        return
    openers: dict[str, Callable[[Path], Any]] = {".gz": gzip.GzipFile, ".bz2": bz2.BZ2File, ".xz": lzma.LZMAFile}
    with openers[packing](path) as stream:
        _copy(stream, target, limit, name)


def _zstd_is_whole(path: Path) -> bool:
    """Whether the last zstd frame ends: the stream reader itself returns what it has of a cut frame in silence."""
    decompressor = zstandard.ZstdDecompressor().decompressobj()
    with path.open("rb") as packed:
        while chunk := packed.read(ZSTD_CHUNK_BYTES):
            while chunk:
                if decompressor.eof:
                    decompressor = zstandard.ZstdDecompressor().decompressobj()
                decompressor.decompress(chunk)
                chunk = decompressor.unused_data
    return decompressor.eof


def _copy(stream: BinaryIO, target: Path, limit: int, name: str) -> None:
    written = 0
    with target.open("wb") as plain:
        while chunk := stream.read(CHUNK_BYTES):
            written += len(chunk)
            if written > limit:
                plain.truncate(0)
                raise _ExpansionError(limit, name)
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
