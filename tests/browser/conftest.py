"""Fixtures of the browser tests: a real server and a real Chromium, which speaks to it alone."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from mockserver import Server

FOLDER = Path(__file__).parent
AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZES = {"phone": (390, 844), "laptop": (1280, 800)}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The Chromium of the system, without a window."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on a free port whose `default` sandbox is frozen."""
    with Server(document={"clock": "2026-03-01 10:00:00"}) as running:
        yield running


@pytest.fixture
def open_page(chromium: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Opens a browser window that is signed in, in a language, a size and a colour scheme."""
    contexts = []

    def open_page(lang: str = "zh-CN", size: str = "laptop", scheme: str = "light") -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(
            locale=lang,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            accept_downloads=True,
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.problems = []
        page.on("console", lambda message: page.problems.append(message.text))
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.goto(server.make_console_link())
        page.wait_for_url("**/console")
        return page

    yield open_page
    for context in contexts:
        context.close()
