"""The tutorial, typed line by line: every command block is run, and what is said to be printed is printed.

Its first night is that of the shared sample project, which is the same files; the second is a run of its own.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import CHECKOUT

BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```", re.DOTALL | re.MULTILINE)
NIGHT = "dq run\n"


def plain(text: str) -> str:
    return " ".join(text.split())


def type_in(commands: str, folder: Path) -> tuple[str, Path]:
    """Run a block as somebody would; what it printed, and the folder one is in afterwards."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{commands}\npwd"],
        cwd=folder,
        env={**os.environ, "PATH": programs, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
    *printed, place = done.stdout.splitlines()
    return "\n".join([*printed, done.stderr]), Path(place)


def test_the_tutorial_does_what_it_says(sample: Path, tmp_path: Path) -> None:
    blocks = BLOCK.findall((CHECKOUT / "docs/tutorial.md").read_text(encoding="utf-8"))
    assert [text for kind, text in blocks if kind == "sh"].count(NIGHT) == 2
    place, printed, nights = tmp_path, "", 0
    for kind, text in blocks:
        if kind == "text":
            for line in text.splitlines():
                assert plain(line) in plain(printed), f"{line!r} is not in\n{printed}"
        elif text == NIGHT and not nights:
            nights += 1
            shutil.copytree(sample / "output", place / "output", symlinks=True)
            shutil.copytree(sample / "pipelines/models", place / "pipelines/models", dirs_exist_ok=True)
            printed = (sample / "printed.txt").read_text(encoding="utf-8").replace(f"{sample}/", "")
        else:
            printed, place = type_in(text, place)
    assert place == tmp_path / "demo"
