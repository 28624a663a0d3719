"""An article: one thing explained in Chinese and English, with the places where it can be read."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from ..domain.evidence import Evidence, locate_citation

__all__ = ["Article", "cite", "format_evidence_en", "format_evidence_zh"]


class Article(Struct, frozen=True):
    """One thing explained: its kind and id, a title, the text in both languages, its citations.

    `kind` is the name of the kind in Chinese, a blank, and in English: `状态 status`.
    """

    kind: str
    id: str
    title: str
    zh: str
    en: str
    citations: tuple[str, ...] = ()

    def body(self, lang: str) -> str:
        """Return the text in `lang` (`en`, else Chinese); its last line names the sources."""
        text = self.en if lang == "en" else self.zh
        places = self.places()
        if not places:
            return text
        label = "see: " if lang == "en" else "出处："
        return f"{text}\n{label}{', '.join(places)}"

    def text(self, lang: str) -> str:
        """Return the article as lines: a heading, then the body, indented."""
        lines = (f"  {line}" for line in self.body(lang).split("\n"))
        return f"{self.kind_name(lang)} {self.id}  {self.title}\n" + "\n".join(lines)

    def kind_name(self, lang: str) -> str:
        """Return the name of the kind in `lang` (`en`, else Chinese)."""
        chinese, _, english = self.kind.partition(" ")
        return english if lang == "en" else chinese

    def places(self) -> list[str]:
        """Return the pages and anchors that the citations name, each once."""
        return list(dict.fromkeys(locate_citation(citation) for citation in self.citations))

    def to_document(self, lang: str) -> dict[str, Any]:
        """Return the article for programs: `kind` is the same word in each language."""
        return {
            "kind": self.kind_name("en"),
            "id": self.id,
            "title": self.title,
            "text": self.en if lang == "en" else self.zh,
            "sources": self.places(),
        }


def cite(evidences: Iterable[Evidence | None]) -> tuple[str, ...]:
    """Return the citations of several pieces of evidence, each once; None has none."""
    return tuple(
        dict.fromkeys(
            citation for evidence in evidences if evidence for citation in evidence.citations
        )
    )


def format_evidence_zh(evidence: Evidence) -> str:
    note = f"；{evidence.note}" if evidence.note else ""
    return f"依据：{evidence.grade.label}({', '.join(evidence.sources)}{note})"


def format_evidence_en(evidence: Evidence) -> str:
    return f"evidence: {evidence}" + (f"; {evidence.note}" if evidence.note else "")
