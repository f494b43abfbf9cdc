"""Files that hold personal data in clear: only the user who made them can read them."""

import os
from contextlib import suppress
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600


def write_private(path: Path, text: str, *, encoding: str = "utf-8", newline: str | None = None) -> None:
    """Write a text file whole or not at all; at no moment can anybody else open it, whatever the umask says.

    What was there before is replaced, its permissions and links with it. Raises OSError.
    """
    staged = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        staged.unlink()
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    try:
        with os.fdopen(descriptor, "w", encoding=encoding, newline=newline) as stream:
            stream.write(text)
        os.replace(staged, path)
    except BaseException:
        with suppress(OSError):
            staged.unlink()
        raise


def private_folder(path: Path) -> Path:
    """The folder, made where it is missing, that only this user may enter. Raises OSError."""
    path.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    path.chmod(FOLDER_MODE)
    return path
