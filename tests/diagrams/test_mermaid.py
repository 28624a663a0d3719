"""Every diagram that the product writes is rendered by the real Mermaid, in a real browser.

`npm ci` in this folder installs Mermaid; Chromium comes from the system.  Nothing is skipped:
without them the tests fail and say so.
"""

import re
import shutil
import subprocess
import sys
from html import escape, unescape
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
MERMAID = FOLDER / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"


def render(source: str, folder: Path) -> tuple[str, str]:
    """Return the title of the page (`rendered` or `failed`) and its content after rendering."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.fail("chromium is not installed (Debian: apt-get install chromium)")
    if not MERMAID.is_file():
        pytest.fail("mermaid is not installed: run `npm ci` in tests/diagrams")
    page = folder / "page.html"
    text = (FOLDER / "page.html").read_text("utf-8").replace("SOURCE", escape(source))
    page.write_text(text.replace("node_modules/mermaid", MERMAID.parent.parent.as_uri()), "utf-8")
    ended = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            f"--user-data-dir={folder / 'profile'}",
            "--virtual-time-budget=20000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=100,
        check=True,
    )
    title = re.search(r"<title>(.*?)</title>", ended.stdout)
    result = re.search(r'<div id="result">(.*?)</div>\s*<script', ended.stdout, re.DOTALL)
    assert title and result, ended.stderr[-2000:]
    return title[1], result[1]


def words_of(drawing: str) -> str:
    """Return the text of a drawing without tags and blanks: Mermaid wraps long labels."""
    return re.sub(r"\s+", "", unescape(re.sub(r"<style>.*?</style>|<[^>]+>", "", drawing)))


def read_diagram(*arguments: str) -> str:
    """Return what the command line writes, as a user would redirect it into a file."""
    return subprocess.run(
        [sys.executable, "-m", "mockserver", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        cwd=ROOT,
    ).stdout


@pytest.mark.parametrize(
    ("arguments", "states", "label"),
    [
        (("reference", "--diagram"), 9, "系统·超时处理[满2d，无库存]"),
        (("reference", "--diagram", "upgraded"), 9, "卖家·确认收货并发货[运单号非空]"),
        (("--lang", "en", "reference", "--diagram"), 9, "system·expire[after2d,outofstock]"),
        (
            ("--lang", "en", "reference", "--diagram", "upgraded"),
            9,
            "seller·refusetheapplication[reasonknown]",
        ),
    ],
)
def test_a_flow_renders_with_actor_and_condition(arguments, states, label, tmp_path):
    """The text of one call is one document; edges are drawn with who moves and when."""
    source = read_diagram(*arguments)

    title, drawing = render(source, tmp_path)

    assert title == "rendered", drawing
    assert drawing.count("<svg") == 1
    assert label in words_of(drawing)
    nodes = set(re.findall(r'id="[^"]*state-(s\d+)-\d+"', drawing))
    assert len(nodes) == states


def test_the_diagrams_of_the_documents_render(tmp_path):
    """Each Mermaid block of README and guides renders."""
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    blocks = [
        (file.name, block)
        for file in files
        for block in re.findall(r"^```mermaid\n(.*?)^```", file.read_text("utf-8"), re.M | re.S)
    ]
    assert len(blocks) >= 4
    for place, (name, block) in enumerate(blocks):
        folder = tmp_path / str(place)
        folder.mkdir()
        title, drawing = render(block, folder)
        assert title == "rendered", f"{name}: {drawing}"


def test_a_broken_document_is_noticed(tmp_path):
    """Two documents in one text, as the product wrote them once, do not render."""
    source = read_diagram("reference", "--diagram")

    title, _ = render(f"{source}{source}", tmp_path)

    assert title == "failed"
