"""How large an extract may become while it is read: what protects the night's memory and disk from a hostile file."""

from pydantic import Field

from dq_pipeline.config.base import Frozen

# A small file may unpack to this much whatever its expansion: a few lines, repeated, pack very well.
FREE_BYTES = 100_000_000


class Limits(Frozen):
    """Limits of one source's files; each file beyond one is refused with an error that names the limit.

    `unpacked_bytes` is the most that a packed file (.gz, .zst, .bz2, .xz, a workbook, Parquet) may hold unpacked, in
    bytes; `expansion` the most times its own size, above 100 MB. `line_characters` is the longest line of a text file:
    a longer one is kept aside. `columns` is how many columns a file may have.
    """

    unpacked_bytes: int = Field(default=20_000_000_000, ge=1)
    expansion: int = Field(default=200, ge=1)
    line_characters: int = Field(default=16_000_000, ge=100)
    columns: int = Field(default=10_000, ge=1)

    def unpacked(self, size: int) -> tuple[int, str]:
        """The most bytes that a packed file of `size` bytes may hold, and the limit that says so."""
        by_size = max(size * self.expansion, FREE_BYTES)
        if by_size < self.unpacked_bytes:
            return by_size, "expansion"
        return self.unpacked_bytes, "unpacked_bytes"
