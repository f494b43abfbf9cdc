"""Files that hold personal data in clear: only the user who made them can read them."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600
# What readers of the same group may do, where the project lets them read what is published.
GROUP_FOLDER_MODE, GROUP_FILE_MODE = 0o750, 0o640
UMASK = 0o077


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


@contextmanager
def private_files() -> Iterator[None]:
    """Whatever is made meanwhile, by any library, is for this user alone, whatever umask the command was given."""
    before = os.umask(UMASK)
    try:
        yield
    finally:
        os.umask(before)


def protect(output: Path, *, published_for_group: bool = False) -> None:
    """Close everything below the output folder, and the folder itself, to all but its owner.

    `published_for_group` lets the group go through to the attempts in `runs` and read them, and nothing else. Links
    are left alone; so is what another user owns, which only that user can close. Raises no error.
    """
    attempts = output / "runs"
    _close(output, GROUP_FOLDER_MODE if published_for_group else FOLDER_MODE)
    for folder, folders, files in os.walk(output):
        is_shared = published_for_group and (attempts == Path(folder) or attempts in Path(folder).parents)
        for name in folders:
            opened = published_for_group and (is_shared or Path(folder, name) == attempts)
            _close(Path(folder, name), GROUP_FOLDER_MODE if opened else FOLDER_MODE)
        for name in files:
            _close(Path(folder, name), GROUP_FILE_MODE if is_shared else FILE_MODE)


def _close(path: Path, mode: int) -> None:
    with suppress(OSError):
        if not path.is_symlink() and (now := path.stat().st_mode) & 0o777 != mode:
            # A folder may hand its group on to what is made in it.
            path.chmod(mode | now & stat.S_ISGID)
