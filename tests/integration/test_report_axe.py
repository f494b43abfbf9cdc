"""The sample night's pages in a browser: axe finds nothing serious, they open from disk, and work without scripts."""

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.test_report_browser import BROWSER, look

AXE = Path(__file__).parents[1] / "vendor" / "axe-core"
PAGES = ("report.html", "owner.html")
WIDTHS = (360, 1280)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="chromium is not installed (apt-get install chromium)")

# Runs axe in each page at each width with everything unfolded, and writes down what it calls serious or critical.
HARNESS = """<!doctype html><meta charset="utf-8"><title>harness</title><body><script>
(async () => {
  const found = [];
  for (const name of PAGES) for (const width of WIDTHS) {
    const frame = document.createElement("iframe");
    frame.width = width; frame.height = 900; frame.src = "axe-" + name;
    document.body.append(frame);
    await new Promise(done => frame.onload = done);
    const page = frame.contentDocument, view = frame.contentWindow;
    page.querySelectorAll("details").forEach(details => details.open = true);
    const told = await view.axe.run(page, { resultTypes: ["violations"] });
    found.push({ name, width, passes: told.passes.length, inner: page.documentElement.clientWidth,
      content: page.documentElement.scrollWidth,
      violations: told.violations.filter(one => ["serious", "critical"].includes(one.impact))
        .map(one => [one.id, one.nodes.length, one.nodes.slice(0, 3).map(node => node.html.slice(0, 160))]) });
    frame.remove();
  }
  const result = document.createElement("pre");
  result.id = "found"; result.textContent = JSON.stringify(found);
  document.body.append(result);
})();
</script></body>"""

# A frame whose scripts may not run, looked at and clicked from outside.
UNSCRIPTED = """<!doctype html><meta charset="utf-8"><title>harness</title><body><script>
(async () => {
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-same-origin"; frame.width = 1280; frame.height = 900; frame.src = "report.html";
  document.body.append(frame);
  await new Promise(done => frame.onload = done);
  const page = frame.contentDocument;
  const seen = element => element.checkVisibility();
  const branch = page.querySelector("#touchpoints details"), inner = branch.querySelector("dl");
  const folded = seen(inner);
  branch.querySelector("summary").click();
  const unfolded = seen(inner);
  branch.querySelector("summary").click();
  const sections = [...page.querySelectorAll("main > section")].filter(seen).map(section => section.id);
  const idle = [...page.querySelectorAll("form, fieldset, button, input")].filter(seen).length;
  const pairs = [...page.querySelectorAll("#pairs table")].filter(seen).length;
  const result = document.createElement("pre");
  const again = seen(inner);
  result.id = "found"; result.textContent = JSON.stringify([{ folded, unfolded, again, sections, idle, pairs }]);
  frame.remove();
  document.body.append(result);
})();
</script></body>"""


@pytest.fixture(scope="module")
def folder(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report and one owner's page of the sample night, as they are and with axe in them."""
    made = tmp_path_factory.mktemp("pages")
    published = sample / "output/published"
    shutil.copy(published / "report.html", made / "report.html")
    shutil.copy(published / "report/sales.html", made / "owner.html")
    shutil.copy(AXE / "axe.min.js", made / "axe.min.js")
    for name in PAGES:
        html = (made / name).read_text(encoding="utf-8")
        # The page's own policy would refuse axe: what the policy lets through is tested elsewhere.
        open_to_axe, policies = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
        assert policies == 1
        axe = '<script src="axe.min.js"></script></head>'
        (made / f"axe-{name}").write_text(open_to_axe.replace("</head>", axe, 1), encoding="utf-8")
    return made


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(folder: Path, *, dark: bool) -> None:
    harness = HARNESS.replace("PAGES", json.dumps(PAGES)).replace("WIDTHS", json.dumps(WIDTHS))
    (folder / "harness.html").write_text(harness, encoding="utf-8")
    frames = look(folder, dark=dark).frames
    assert [(frame["name"], frame["width"]) for frame in frames] == [
        (page, width) for page in PAGES for width in WIDTHS
    ]
    for frame in frames:
        assert frame["passes"] > 10
        assert frame["violations"] == []
        assert frame["content"] <= frame["inner"]


def test_axe_is_the_file_that_was_published() -> None:
    said = re.search(r"[0-9a-f]{64}", (AXE / "README.md").read_text(encoding="utf-8"))
    assert said
    assert hashlib.sha256((AXE / "axe.min.js").read_bytes()).hexdigest() == said[0]


def test_the_report_is_whole_without_scripts(folder: Path) -> None:
    (folder / "harness.html").write_text(UNSCRIPTED, encoding="utf-8")
    found = look(folder, dark=False).frames[0]
    assert (found["folded"], found["unfolded"], found["again"]) == (False, True, False)
    sections = ["verdict", "repair", "pairs", "customers", "orders", "touchpoints", "sources", "expectations", "making"]
    assert found["sections"] == sections
    assert found["idle"] == 0, "what only a script can use is hidden"
    assert found["pairs"] > 10


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_from_disk_without_a_complaint(folder: Path, name: str) -> None:
    assert BROWSER is not None
    switches = """--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --dump-dom
        --disable-dev-shm-usage --enable-logging=stderr --virtual-time-budget=5000"""
    profile = f"--user-data-dir={folder / 'profile-disk'}"
    command = [BROWSER, *switches.split(), profile, (folder / name).as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "</html>" in done.stdout
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    assert ('class="judge" hidden' in done.stdout) is False, "its script ran"
