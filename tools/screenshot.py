"""docs/report.png: the first screen of the published report: `python -m tools.screenshot [REPORT [FILE]]`."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPORT, TARGET = ROOT / "output/published/report.html", ROOT / "docs/report.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1280, 1500
SWITCHES = "--headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run --disable-dev-shm-usage"


def main(report: Path, target: Path) -> None:
    """Take the picture; exits with a sentence where there is no browser, no report, or no picture."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("no browser: apt-get install chromium")
    if not report.is_file():
        sys.exit(f"{report} is not there: run `dq run` first")
    with tempfile.TemporaryDirectory() as profile:
        picture = Path(profile) / "report.png"
        light = "--blink-settings=preferredColorScheme=1"
        size, where = f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={picture}"
        command = [
            browser,
            *SWITCHES.split(),
            light,
            size,
            where,
            f"--user-data-dir={profile}",
            report.resolve().as_uri(),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        if not picture.is_file():
            sys.exit(f"{browser} made no picture")
        shutil.copyfile(picture, target)


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:3]]
    main(*given, *(REPORT, TARGET)[len(given) :])
