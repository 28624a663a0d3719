"""docs/reference is what the code says now, and its links lead somewhere."""

import re
from pathlib import Path

import pytest

from docs.finding_page import make_finding_pages
from docs.make_reference import make_pages
from docs.mistake_pages import make_mistake_pages

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"
NAMES = (
    "README.md",
    "python-api.md",
    "command-line.md",
    "settings.md",
    "knowledge.md",
    "knowledge.zh-CN.md",
    "state-diagrams.md",
    "fidelity.md",
)


@pytest.fixture(scope="module")
def pages():
    """The pages as the code makes them now, by file name."""
    return make_pages()


@pytest.fixture(scope="module")
def mistake_pages():
    """The pages about mistakes as the code makes them now, by file name."""
    return make_mistake_pages()


def test_the_pages_about_mistakes_are_current(mistake_pages):
    """Two for each mistake and two indexes, no other; `make reference` writes them."""
    folder = ROOT / "docs" / "mistakes"
    pages = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert pages == mistake_pages
    assert len(pages) == 2 * 24 + 2


def test_the_guide_about_findings_is_current():
    """Both languages are what the table of advice says; `make reference` writes them."""
    for name, text in make_finding_pages().items():
        assert (ROOT / "docs" / name).read_text("utf-8") == text


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_current(pages, name):
    """The page is what the code makes; if this fails, run `make reference` and read the change."""
    assert (FOLDER / name).read_text("utf-8") == pages[name]


def test_there_are_no_other_pages(pages):
    """Nothing in the folder is left of a page that is no longer made."""
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(pages) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_links_of_a_page_lead_somewhere(name):
    """A relative link names a file of the project."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", (FOLDER / name).read_text("utf-8"))

    assert [target for target in targets if not (FOLDER / target).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_its_heading_in_both_languages(name):
    """The first line of a page is its title, Chinese and English."""
    title = (FOLDER / name).read_text("utf-8").partition("\n")[0]

    assert re.search(r"[\u4e00-\u9fff]", title)
    assert re.search(r"[A-Za-z]{4}", title)


def test_the_public_names_are_there(pages):
    """What users import, call and write in a settings file has a place in the reference."""
    for name in (
        "class Server",
        "class Sandbox",
        "class TopClient",
        "exchange_machine()",
        "### sandbox",
    ):
        assert name in pages["python-api.md"]
    assert "## tmall-mockserver clock" in pages["command-line.md"]
    assert "`TMALL_MOCKSERVER_PORT`" in pages["settings.md"]
