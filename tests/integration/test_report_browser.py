"""The report in a real browser: no sideways scrolling, nothing loaded, styles applied, text that can be read."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from dq_pipeline.errors import Breach
from dq_pipeline.scorecard.render import ReportContext, render_report
from dq_pipeline.sheets import read_sheet
from dq_pipeline.warehouse import Warehouse

NIGHT = (Path(__file__).parents[1] / "cases" / "report" / "night.sql").read_text(encoding="utf-8")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = (320, 360, 768, 1280, 1920)
LONG = "x" * 400
pytestmark = pytest.mark.skipif(BROWSER is None, reason="chromium is not installed (apt-get install chromium)")

# Loads the report in frames of each width, from the same origin, and writes down what the frames say of themselves.
HARNESS = """<!doctype html><meta charset="utf-8"><title>harness</title><body><script>
const reached = [];
function seen(color) {
  const parts = color.match(/[\\d.]+/g).map(Number);
  return parts.length === 4 && parts[3] === 0 ? null : parts.slice(0, 3);
}
function light(rgb) {
  const linear = rgb.map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}
function contrast(element, view) {
  let behind = null;
  for (let at = element; at && !behind; at = at.parentElement) behind = seen(view.getComputedStyle(at).backgroundColor);
  const both = [light(seen(view.getComputedStyle(element).color)), light(behind)].sort((one, other) => other - one);
  return (both[0] + 0.05) / (both[1] + 0.05);
}
async function measure(width) {
  const frame = document.createElement("iframe");
  frame.width = width; frame.height = 900; frame.src = "report.html";
  document.body.append(frame);
  await new Promise(done => frame.onload = done);
  const page = frame.contentDocument, view = frame.contentWindow, root = page.documentElement;
  page.querySelectorAll("details").forEach(details => details.open = true);
  const dim = [...page.body.querySelectorAll("*")].filter(element =>
    [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())
    && element.getClientRects().length && contrast(element, view) < 4.5);
  const small = [...page.querySelectorAll("nav a, summary")]
    .filter(element => element.getBoundingClientRect().height < 24);
  return {
    width, inner: root.clientWidth, content: root.scrollWidth,
    wide: [...page.querySelectorAll("main *")].filter(element => !element.closest(".scroll, .unseen")
      && element.getBoundingClientRect().right > root.clientWidth + 1).map(element => element.outerHTML.slice(0, 120)),
    dim: dim.map(element => element.outerHTML.slice(0, 120)),
    small: small.map(element => element.textContent),
    dark: view.matchMedia("(prefers-color-scheme: dark)").matches,
    paper: view.getComputedStyle(root).backgroundColor,
    hidden: view.getComputedStyle(page.querySelector(".unseen")).position,
    loaded: view.performance.getEntriesByType("resource").map(entry => entry.name),
  };
}
(async () => {
  const found = [];
  for (const width of WIDTHS) found.push(await measure(width));
  const result = document.createElement("pre");
  result.id = "found"; result.textContent = JSON.stringify(found);
  document.body.append(result);
  document.querySelectorAll("iframe").forEach(frame => frame.remove());
})();
</script></body>"""


@dataclass(frozen=True)
class Seen:
    """What the browser measured at each width, what it asked the server for, and what it complained of."""

    frames: list[dict[str, Any]]
    requests: list[str]
    complaints: str


class Handler(SimpleHTTPRequestHandler):
    """A file server that remembers what it was asked for."""

    def __init__(self, asked: list[str], *arguments: Any, **named: Any) -> None:
        self.asked = asked
        super().__init__(*arguments, **named)

    def log_request(self, *_: object) -> None:
        self.asked.append(self.path)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def report(verdict: str) -> str:
    """The report of a whole night whose breaches, keys and error are as long as can be."""
    warehouse = Warehouse()
    warehouse.execute(NIGHT)
    warehouse.execute(f"update scored.issue_rows set key = '{LONG}', detail = '{LONG}' where key = 'O4'")
    warehouse.execute(f"update scored.action_plan set title = '{LONG}', owner = '{LONG}' where rank = 4")
    warehouse.execute(f"update mastered.review_queue set record_id_r = '{LONG}' where match_weight < 0")
    context = ReportContext(
        title="Sample company, nightly",
        run_id=f"2026-11-20-{LONG}",
        run_date=date(2026, 11, 20),
        verdict=verdict,
        breaches=[Breach("too_few_rows", f"/{LONG}/orders.csv", LONG, LONG)],
        error=LONG,
        stages=[("ingest", 26_011, 1.42)],
        versions={"duckdb": "2.0.0"},
        inputs=[
            {"source": LONG, "file": LONG, "sha256": "a3" * 32, "bytes": 1}
            | {"rows_read": 10**12, "validated": 10**12, "quarantined": 0, "unparsed": 0}
        ],
    )
    html = render_report(warehouse, context)
    warehouse.close()
    return html


def look(folder: Path, *, dark: bool) -> Seen:
    """Open the harness of a folder in headless Chromium."""
    assert BROWSER is not None
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, asked, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    switches = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
        --disable-component-update --disable-sync --disable-dev-shm-usage --window-size=2000,1000 --dump-dom
        --virtual-time-budget=20000 --enable-logging=stderr"""
    try:
        done = subprocess.run(
            [
                BROWSER,
                *switches.split(),
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                f"--blink-settings=preferredColorScheme={0 if dark else 1}",
                f"--user-data-dir={folder / 'profile'}",
                f"http://127.0.0.1:{server.server_port}/harness.html",
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        server.shutdown()
        server.server_close()
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Seen(
        json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")), asked, str(complaints)
    )


@pytest.fixture(
    scope="module", params=[("published", False), ("held", True), ("failed", False)], ids=lambda case: case[0]
)
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Seen, bool]]:
    verdict, dark = request.param
    folder = tmp_path_factory.mktemp("report")
    (folder / "report.html").write_text(report(verdict), encoding="utf-8")
    (folder / "harness.html").write_text(HARNESS.replace("WIDTHS", json.dumps(WIDTHS)), encoding="utf-8")
    yield look(folder, dark=dark), dark
    shutil.rmtree(folder, ignore_errors=True)


def test_the_page_never_scrolls_sideways(seen: tuple[Seen, bool]) -> None:
    frames = seen[0].frames
    assert [frame["width"] for frame in frames] == list(WIDTHS)
    for frame in frames:
        assert frame["content"] <= frame["inner"], frame["wide"]
        assert frame["wide"] == []


def test_nothing_but_the_page_is_asked_for(seen: tuple[Seen, bool]) -> None:
    assert set(seen[0].requests) <= {"/harness.html", "/report.html", "/favicon.ico"}
    for frame in seen[0].frames:
        assert [name for name in frame["loaded"] if not name.startswith("data:")] == []


def test_the_policy_lets_the_style_through_and_nothing_is_refused(seen: tuple[Seen, bool]) -> None:
    assert {frame["hidden"] for frame in seen[0].frames} == {"absolute"}
    assert "Content Security Policy" not in seen[0].complaints


def test_light_and_dark_can_both_be_read(seen: tuple[Seen, bool]) -> None:
    found, dark = seen
    for frame in found.frames:
        assert frame["dark"] is dark
        assert frame["paper"] == ("rgb(18, 22, 24)" if dark else "rgb(248, 247, 244)")
        assert frame["dim"] == []
        assert frame["small"] == []


# Decides by keys and clicks in the report as a steward does, and writes down the file that the page saves.
DECIDING = """<!doctype html><meta charset="utf-8"><title>harness</title><body><script>
(async () => {
  const frame = document.createElement("iframe");
  frame.width = 1280; frame.height = 900; frame.src = "report.html";
  document.body.append(frame);
  await new Promise(done => frame.onload = done);
  let page = frame.contentDocument, view = frame.contentWindow;
  const key = name => (page.activeElement || page.body).dispatchEvent(
    new view.KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
  const text = () => page.getElementById("deciding-said").textContent;
  const told = [text()];
  for (const name of ["j", "s", "j", "d", "z", "u", "k", "k", "s", "s", "d"]) { key(name); told.push(text()); }
  const fields = [...page.querySelectorAll("#pairs li[data-entity]")];
  fields[0].querySelector("input[type=text]").value = '=cmd(), "so" he said';
  fields[0].querySelector("input[type=text]").dispatchEvent(new view.Event("input"));
  const who = page.getElementById("deciding-who");
  who.value = "Ann Lee"; who.dispatchEvent(new view.Event("input"));
  frame.contentWindow.location.reload();
  await new Promise(done => frame.onload = done);
  page = frame.contentDocument; view = frame.contentWindow;
  told.push(text());
  let blob = null;
  view.URL.createObjectURL = made => { blob = made; return "#"; };
  page.getElementById("deciding-save").click();
  const result = document.createElement("pre");
  result.id = "found";
  const pairs = fields.map(card => card.dataset.left);
  result.textContent = JSON.stringify([{ told, saved: await blob.text(), pairs }]);
  document.body.append(result);
  frame.remove();
})();
</script></body>"""


def test_pairs_are_decided_by_keys_kept_over_a_reload_and_saved_as_the_sheet_that_is_imported(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(report("published"), encoding="utf-8")
    (tmp_path / "harness.html").write_text(DECIDING, encoding="utf-8")
    seen = look(tmp_path, dark=False)
    found = seen.frames[0]
    pairs = len(found["pairs"])
    # j s j d z u k k s s d: the first pair is the same, then taken back and different; the second is unsure.
    done = [0, 0, 1, 1, 2, 1, 2, 2, 2, 1, 2, 2, 2]
    assert found["told"] == [f"{count} of {pairs} pairs decided" for count in done]
    path = tmp_path / "decisions.csv"
    path.write_text(found["saved"], encoding="utf-8", newline="")
    lines = list(read_sheet(path, ("record_id_l", "record_id_r", "judgement")))
    assert [line.get("judgement") for line in lines] == ["different", "unsure"]
    assert [line.get("record_id_l") for line in lines] == found["pairs"][:2]
    assert {line.get("decided_by") for line in lines} == {"Ann Lee"}
    assert lines[0].get("why").lstrip("'") == '=cmd(), "so" he said'
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line.get("decided_at")) for line in lines)
    assert "Content Security Policy" not in seen.complaints
