"""How a rule is known: a grade, and the sources that say so.

Nobody outside the platform has its specification, and no case may be tried on the real one.  So
every row, method, field, rule, fault and finding of this product carries an `Evidence`:
*documented* (an official page, SDK or recorded answer says it), *inferred* (from integrators'
code, sibling methods or press summaries) or *assumed* (this product decided, because every source
is silent).  Replies of the control API, `explain`, the reference and the diagrams show it; no
reply pretends to be better known than it is.  A guess is not a TODO in a comment, it is a rule
with the grade `assumed`.

A *citation* is a key of `SOURCES`, alone (`guide`) or with a section (`guide-7`, `api-3.2`,
`top-4.3`, `tmc-2509`).  Scenarios cite under `evidence:`; an `Evidence` cites by its `sources`,
and by a section that its `note` begins with or contains.  Every citation can be opened:
`locate_citation` gives the page under docs/spec and its anchor, and a test resolves all of them.
What would break without that test: a page that is renumbered would leave hundreds of citations
that look exact and lead nowhere.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

__all__ = [
    "SOURCES",
    "Evidence",
    "Grade",
    "Source",
    "assumed",
    "documented",
    "inferred",
    "locate_citation",
]


class Grade(StrEnum):
    """How far a rule can be trusted, best first."""

    DOCUMENTED = "documented"
    INFERRED = "inferred"
    ASSUMED = "assumed"

    @property
    def label(self) -> str:
        """The Chinese word that is shown beside the grade."""
        return {"documented": "文档载明", "inferred": "推断", "assumed": "假设"}[self.value]


class Source(Struct, frozen=True):
    """What a source is and when it was read; the page under docs/spec that holds what it says.

    `anchor` is the place of the page that a citation without a section leads to (empty: its top).
    """

    title: str
    page: str
    anchor: str = ""


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "guide": Source(
            "天猫换货 API 使用说明 (official exchange guide), undated, read 2026-11",
            "exchange-guide.md",
        ),
        "api": Source(
            "API pages 31194–31231 and 66761, metadata of 2022-08 to 2023-10", "exchange-api.md"
        ),
        "sdk": Source(
            "official SDK classes and recorded calls of official SDKs, 2017 to 2023",
            "exchange-api.md",
            "api-12",
        ),
        "tmc": Source(
            "message topic pages, copies of 2024-01 to 2026-07", "exchange-api.md", "api-10"
        ),
        "log": Source(
            "gateway answers pasted into public code and issues, 2011 to 2026",
            "evidence-2026-11.md",
            "evidence-2.3",
        ),
        "top": Source(
            "TOP protocol pages (calling a method, errors, flow control), mirrors read 2026-11",
            "top-protocol.md",
        ),
        "isv": Source(
            "exchange code of nine integrators, read for behaviour, 2018 to 2025",
            "exchange-api.md",
            "api-11",
        ),
        "rule23": Source(
            "press summaries of 天猫交易时效规定, 2023-03-23", "exchange-api.md", "api-8"
        ),
        "ruleold": Source("older help text 天猫退换货流程, undated", "exchange-api.md", "api-8"),
        "refund": Source(
            "sibling refund and dispute API pages, 2022-08", "evidence-2026-11.md", "evidence-4"
        ),
        "evidence": Source(
            "newest public evidence: metadata, captures, SDKs that ran here, 2026-11",
            "evidence-2026-11.md",
        ),
        "product": Source(
            "chosen by this product where every source is silent, 2026-11", "rules.md"
        ),
    }
)


def locate_citation(citation: str) -> str:
    """Return where a citation can be read: `guide-7` is `docs/spec/exchange-guide.md#guide-7`.

    Raises:
        KeyError: no source has this key; a section is not checked.
    """
    key, _, section = citation.partition("-")
    source = SOURCES[key]
    anchor = citation if section else source.anchor
    return f"docs/spec/{source.page}" + (f"#{anchor}" if anchor else "")


class Evidence(Struct, frozen=True):
    """A grade, the keys of `SOURCES` that carry it, and what exactly they say if it matters."""

    grade: Grade
    sources: tuple[str, ...]
    note: str = ""

    def __str__(self) -> str:
        return f"{self.grade.value} ({', '.join(self.sources)})"

    @property
    def citations(self) -> tuple[str, ...]:
        """The sources in order, each with its section where the note names one (`guide-7`)."""
        sections = {key: re.findall(rf"\b{key}-\d[\d.]*\b", self.note) for key in self.sources}
        return tuple(citation for key in self.sources for citation in sections[key] or [key])


def documented(*sources: str, note: str = "") -> Evidence:
    """Return evidence that an official page, SDK or recorded answer states the rule."""
    return Evidence(Grade.DOCUMENTED, sources, note)


def inferred(*sources: str, note: str = "") -> Evidence:
    """Return evidence from integrators' code, sibling methods or press summaries."""
    return Evidence(Grade.INFERRED, sources, note)


def assumed(note: str = "", *sources: str) -> Evidence:
    """Return the evidence of a choice of this product, since nobody says what the platform does."""
    return Evidence(Grade.ASSUMED, sources or ("product",), note)
