"""The served report in a real browser: a decision by key is in the judgements, and no policy is in its way."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dq_pipeline.linkage.judgements import read_judgements
from tests.integration.test_report_browser import BROWSER

pytestmark = pytest.mark.skipif(BROWSER is None, reason="chromium is not installed (apt-get install chromium)")
_SECONDS = 60.0


class Browser:
    """Headless Chromium, told what to do over its debugging pipe: JSON messages that end with a NUL."""

    def __init__(self, folder: Path) -> None:
        hears, self.says = os.pipe()
        self.hears, says = os.pipe()
        switches = f"""--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking
            --disable-component-update --disable-sync --disable-dev-shm-usage --user-data-dir={folder}
            --remote-debugging-pipe"""
        # A plain sh takes no file number of two digits.
        told = f"exec {BROWSER} {' '.join(switches.split())} 3<&{hears} 4>&{says}"
        self.process = subprocess.Popen(["bash", "-c", told], pass_fds=(hears, says), stderr=subprocess.DEVNULL)
        os.close(hears)
        os.close(says)
        self.buffer, self.number, self.session, self.events = b"", 0, "", []  # type: ignore[var-annotated]

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser answers."""
        self.number += 1
        message: dict[str, Any] = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.says, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.buffer:
                self.buffer += os.read(self.hears, 65536)
            text, _, self.buffer = self.buffer.partition(b"\0")
            said = json.loads(text)
            if said.get("id") == self.number:
                assert "error" not in said, said
                return said["result"]  # type: ignore[no-any-return]
            self.events.append(said)

    def open(self, address: str) -> None:
        """Open a page in a tab of its own."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime"):
            self.ask(f"{domain}.enable")
        self.ask("Page.navigate", url=address)

    def value(self, expression: str) -> Any:
        """The value of an expression in the page."""
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + _SECONDS
        while not self.value(expression):
            assert time.monotonic() < end, expression
            time.sleep(0.1)

    def press(self, key: str) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, text=key if kind == "keyDown" else "")


def test_a_decision_by_key_is_saved_and_another_person_is_not_overruled(project: Path, tmp_path: Path) -> None:
    path = project / "pipelines/judgements/customer.csv"
    before = read_judgements(path)
    command = [sys.executable, "-m", "dq_pipeline", "serve", "--project", str(project), "--by", "Ann Lee"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    browser = Browser(tmp_path / "profile")
    try:
        assert server.stdout
        browser.open(server.stdout.readline().split()[-1])
        ready = "location.pathname === '/report.html' && document.readyState === 'complete'"
        browser.wait(f"{ready} && document.getElementById('deciding-who').value === 'Ann Lee'")
        waits = "document.querySelectorAll('#pairs li[data-entity]:not(.decided)')[0]"
        pair = browser.value(f"{waits}.focus(), window.pair = {waits}, [pair.dataset.left, pair.dataset.right]")
        browser.press("u")
        browser.wait("Boolean(pair.querySelector('.saved'))")
        assert browser.value("pair.querySelector('.saved').textContent").startswith("Saved")
        saved = read_judgements(path)
        assert len(saved) == len(before) + 1
        assert (list(saved[-1].pair), saved[-1].judgement) == (sorted(pair), "unsure")
        assert saved[-1].decided_by == "Ann Lee"
        # Another person writes to the file; this page still shows what it knew, and is told.
        with path.open("a", encoding="utf-8") as stream:
            stream.write(f"{','.join(saved[-1].pair)},different,Bo,2099-01-01T00:00:00Z,\n")
        browser.press("s")
        browser.wait("pair.querySelector('.saved').textContent.includes('Somebody else')")
        assert browser.value("pair.querySelector('input:checked').value") == "different"
        assert len(read_judgements(path)) == len(before) + 2
        trouble = [one for one in browser.events if re.search("Content Security|exceptionThrown", json.dumps(one))]
        assert trouble == []
    finally:
        browser.process.terminate()
        server.terminate()
        browser.process.wait(_SECONDS)
        server.wait(_SECONDS)
        os.close(browser.says)
        os.close(browser.hears)
