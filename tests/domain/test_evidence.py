"""Every citation can be opened.

In scenarios, in evidence, in docstrings, in what `explain` prints.
"""

import re
from functools import cache
from pathlib import Path

import pytest

from mockserver.api.methods import METHODS
from mockserver.doctor.signature_mistakes import MISTAKES, SIGN_FORM_MISTAKES
from mockserver.domain.behaviours import BEHAVIOURS
from mockserver.domain.evidence import SOURCES, documented, locate_citation
from mockserver.domain.rules import RULES
from mockserver.domain.table import CS_TABLE, TABLE
from mockserver.reference.articles import build_articles, explain
from mockserver.review.lint_rules import LINT_RULES
from mockserver.world.faults.fault_kinds import FAULTS

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "docs" / "spec"
EVIDENCE = (
    *(row.evidence for row in TABLE),
    *(row.upgraded_evidence for row in TABLE if row.upgraded_evidence),
    *(row.evidence for row in CS_TABLE),
    *(rule.evidence for rule in RULES.values()),
    *(method.evidence for method in METHODS.values()),
    *(behaviour.evidence for behaviour in BEHAVIOURS.values()),
    *(fault.evidence for fault in FAULTS.values()),
    *(lint_rule.evidence for lint_rule in LINT_RULES.values()),
)
CITATIONS = sorted(
    {citation for evidence in EVIDENCE for citation in evidence.citations}
    | {mistake.source for mistake in (*MISTAKES, *SIGN_FORM_MISTAKES)}
    | {citation for article in build_articles() for citation in article.citations}
    | set(SOURCES)
)
SCENARIOS = sorted((ROOT / "scenarios").rglob("*.yaml"))
SOURCE_FILES = sorted((ROOT / "mockserver").rglob("*.py"))
STANDARDS = r"docs/|RFC \d|PEP \d|W3C|WSGI"


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a Markdown page: explicit ones, and those that GitHub makes from headings."""
    text = page.read_text("utf-8")
    explicit = re.findall(r'<a id="([^"]+)"></a>', text)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    bare = (re.sub(r"<[^>]+>", "", heading).strip().lower() for heading in headings)
    slugs = (re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in bare)
    return frozenset((*explicit, *slugs))


def can_be_opened(place: str) -> bool:
    """Whether a path with an anchor, counted from the project's root, leads to something."""
    path, _, anchor = place.partition("#")
    page = ROOT / path
    return page.is_file() and (not anchor or anchor in anchors(page))


@pytest.mark.parametrize("citation", CITATIONS)
def test_a_citation_of_the_product_can_be_opened(citation):
    """What evidence cites, and an article's place, is a page and an anchor of it."""
    assert can_be_opened(locate_citation(citation))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_evidence_of_a_scenario_can_be_opened(path):
    """Each citation of a scenario's `evidence` is a page and an anchor of it."""
    lines = re.findall(r"^evidence: \[(.*)\]", path.read_text("utf-8"), re.MULTILINE)
    citations = [citation.strip() for line in lines for citation in line.split(",")]

    assert citations
    assert [c for c in citations if not can_be_opened(locate_citation(c))] == []


@pytest.mark.parametrize("path", SOURCE_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_sources_of_a_module_can_be_opened(path):
    """A `Source:` names a page of docs/ or a standard; every place under docs/ exists."""
    text = path.read_text("utf-8")
    places = re.findall(r"docs/[\w./-]+\.(?:md|yaml|json)(?:#[\w.-]*\w)?", text)
    sources = re.findall(r"Sources?: ((?:.+\n)+?)(?=\s*\n|.*\"\"\")", text)

    assert [place for place in places if not can_be_opened(place)] == []
    assert [source for source in sources if not re.search(STANDARDS, source)] == []


@pytest.mark.parametrize("name", ["exchange-api.yaml", "sign-vectors.json", "neighbours.yaml"])
def test_a_source_has_one_copy(name):
    """The documents as data stand in docs/spec and nowhere else in the project."""
    copies = [
        path for folder in ("docs", "tests", "mockserver") for path in (ROOT / folder).rglob(name)
    ]

    assert copies == [SPEC / name]


def test_the_pages_name_no_place_of_a_machine():
    """No path of a computer and no private address stands in the pages."""
    pages = [
        path
        for path in SPEC.iterdir()
        if re.search(r"/(work|tmp|home|root)/", path.read_text("utf-8"))
    ]

    assert pages == []


def test_a_note_gives_the_section():
    """A section that the note of an evidence names takes the place of the bare source."""
    assert documented("guide", "api", note="guide-7; length assumed").citations == (
        "guide-7",
        "api",
    )
    assert documented("top", "guide", note="top-4.2.").citations == ("top-4.2", "guide")


@pytest.mark.parametrize(
    ("citation", "place"),
    [
        ("guide", "docs/spec/exchange-guide.md"),
        ("guide-7", "docs/spec/exchange-guide.md#guide-7"),
        ("api-3.2", "docs/spec/exchange-api.md#api-3.2"),
        ("tmc-2509", "docs/spec/exchange-api.md#tmc-2509"),
        ("rule23", "docs/spec/exchange-api.md#api-8"),
        ("evidence-8", "docs/spec/evidence-2026-11.md#evidence-8"),
    ],
)
def test_where_a_citation_is(citation, place):
    """A key alone is its page, with a section the anchor of the same name; `explain` prints it."""
    assert locate_citation(citation) == place
    assert explain(citation)[-1].text("en").endswith(f"see: {place}")


def test_an_unknown_source_has_no_place():
    """A citation whose key no source has is an error."""
    with pytest.raises(KeyError):
        locate_citation("wiki-3")
