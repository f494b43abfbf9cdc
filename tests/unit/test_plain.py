"""Packed extracts, whole and cut: the content comes out, or one breach says that the file is damaged."""

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from dq_pipeline.errors import Breach
from dq_pipeline.extracts.inputs import in_place
from dq_pipeline.extracts.plain import CHUNK_BYTES, PlainFile, make_plain
from tests.unit.landing_case import contract, landed

CONTENT = b"id,v\n" + b"".join(b"%d,value %d of many\n" % (number, number * 7919) for number in range(2_000))


def _zstd_stream(content: bytes) -> bytes:
    """As a program writes that does not know the size: no length in the frame's header."""
    packed = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(packed, closefd=False) as stream:
        stream.write(content)
    return packed.getvalue()


PACK: dict[str, Callable[[bytes], bytes]] = {
    "x.csv.gz": gzip.compress,
    "x.csv.bz2": bz2.compress,
    "x.csv.xz": lzma.compress,
    "x.csv.zst": zstandard.ZstdCompressor().compress,
    "stream.csv.zst": _zstd_stream,
    "X.CSV.GZ": gzip.compress,
}


def snap(folder: Path, name: str, content: bytes) -> PlainFile | Breach:
    path = folder / name
    path.write_bytes(content)
    return make_plain(contract(location={"path": name}), in_place(path), folder)


@pytest.mark.parametrize("name", PACK)
def test_a_whole_file_is_unpacked(tmp_path: Path, name: str) -> None:
    found = snap(tmp_path, name, PACK[name](CONTENT))
    assert isinstance(found, PlainFile)
    assert found.path.read_bytes() == CONTENT
    assert (found.lines, found.is_clean_text) == (2_001, True)
    assert found.source_file.name == name


@pytest.mark.parametrize("name", PACK)
def test_two_parts_one_after_the_other_are_one_file(tmp_path: Path, name: str) -> None:
    found = snap(tmp_path, name, PACK[name](CONTENT[:9_000]) + PACK[name](CONTENT[9_000:]))
    assert isinstance(found, PlainFile)
    assert found.path.read_bytes() == CONTENT


@pytest.mark.parametrize("name", PACK)
def test_a_cut_file_is_damaged_wherever_it_is_cut(tmp_path: Path, name: str) -> None:
    packed = PACK[name](CONTENT)
    places = {1, 2, 3, 5, 9, 17, *range(20, len(packed), len(packed) // 12), len(packed) - 1, len(packed) - 5}
    for place in sorted(places):
        found = snap(tmp_path, name, packed[:place])
        assert isinstance(found, Breach), f"cut at {place} of {len(packed)} bytes"
        assert found.gate in {"truncated_extract", "unreadable_extract"}
        assert name in found.where


@pytest.mark.parametrize("name", PACK)
def test_a_second_part_that_is_cut_is_damaged(tmp_path: Path, name: str) -> None:
    packed = PACK[name](CONTENT)
    found = snap(tmp_path, name, packed + packed[: len(packed) // 2])
    assert isinstance(found, Breach)


@pytest.mark.parametrize("name", PACK)
def test_a_flipped_byte_never_raises(tmp_path: Path, name: str) -> None:
    packed = PACK[name](CONTENT)
    for place in range(0, len(packed), max(1, len(packed) // 25)):
        broken = bytearray(packed)
        broken[place] ^= 0xFF
        found = snap(tmp_path, name, bytes(broken))
        assert isinstance(found, Breach | PlainFile)


def test_zstd_frames_that_end_where_a_chunk_ends(tmp_path: Path) -> None:
    frame = zstandard.ZstdCompressor().compress(CONTENT)
    # A skippable frame fills the file up to the end of the first chunk that is read.
    filler = CHUNK_BYTES - len(frame) - 8
    skippable = (0x184D2A50).to_bytes(4, "little") + filler.to_bytes(4, "little") + b"\0" * filler
    found = snap(tmp_path, "x.csv.zst", skippable + frame + frame)
    assert isinstance(found, PlainFile), found
    assert found.path.read_bytes() == CONTENT * 2


def test_what_is_packed_by_its_name_only_is_damaged(tmp_path: Path) -> None:
    for name in PACK:
        found = snap(tmp_path, name, CONTENT)
        assert isinstance(found, Breach), name


@pytest.mark.parametrize("name", ["x.csv", *PACK])
def test_an_empty_file_is_empty_packed_or_not(tmp_path: Path, name: str) -> None:
    packed = PACK[name](b"") if name in PACK else b""
    for content in (b"", packed):
        found = snap(tmp_path, name, content)
        assert isinstance(found, Breach)
        assert found.gate == "empty_extract"


def test_a_small_file_may_unpack_to_much_and_a_bomb_may_not(tmp_path: Path) -> None:
    line = b"1,the same line again and again\n"
    modest = snap(tmp_path, "x.csv.bz2", bz2.compress(line * 30_000))
    assert isinstance(modest, PlainFile)
    assert modest.lines == 30_000
    modest.path.unlink()
    bomb = snap(tmp_path, "b.csv.zst", zstandard.ZstdCompressor().compress(bytes(101_000_000)))
    assert isinstance(bomb, Breach)
    assert bomb.gate == "oversized_extract"
    assert "more than 100,000,000 bytes, which is what `limits.expansion` allows" in bomb.message
    assert "raise `limits.expansion` in sources/s.yml" in bomb.remedy
    for path in tmp_path.iterdir():
        path.unlink()


def test_a_file_that_the_system_will_not_read_is_a_breach(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.symlink_to("/proc/self/mem")
    found = landed(tmp_path, contract(location={"path": "x.csv", "outside": True}))
    assert [gate for gate, _ in found.breaches] == ["unreadable_extract"]
    assert "cannot be read" in found.breaches[0][1]


@pytest.mark.parametrize(
    ("content", "lines", "is_clean"),
    [
        (b"a\nb\n", 2, True),
        (b"a\nb", 2, True),
        (b"a\r\nb\r\n", 2, True),
        (b"a\rb\n", 1, False),
        (b"a\n\r", 2, False),
        (b"a\r\r\n", 1, False),
        (b"a\0\n", 1, False),
        (b"\xc3\xa9\n", 1, True),
        (b"\xe9\n", 1, False),
        (b"a\xc3", 1, False),
        (b"x" * (CHUNK_BYTES - 1) + b"\r\n" + b"y\r\n", 2, True),
        (b"x" * (CHUNK_BYTES - 1) + b"\r" + b"y\r\n", 1, False),
        (b"x" * (CHUNK_BYTES - 1) + "é\n".encode(), 1, True),
    ],
)
def test_lines_and_cleanness(tmp_path: Path, content: bytes, lines: int, is_clean: bool) -> None:
    found = snap(tmp_path, "x.csv", content)
    assert isinstance(found, PlainFile)
    assert (found.lines, found.is_clean_text) == (lines, is_clean)
