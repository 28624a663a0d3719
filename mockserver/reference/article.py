"""An article: one thing explained in Chinese and English, with the places where it can be read."""

from collections.abc import Iterable

from msgspec import Struct

from ..domain.evidence import Evidence, locate_citation

__all__ = ["Article", "cite", "format_evidence_en", "format_evidence_zh"]


class Article(Struct, frozen=True):
    """One thing explained: its kind and id, a title, the text in both languages, its citations."""

    kind: str
    id: str
    title: str
    zh: str
    en: str
    citations: tuple[str, ...] = ()

    def body(self, lang: str) -> str:
        """Return the text in `lang` (`en`, else Chinese); its last line names the sources."""
        text = self.en if lang == "en" else self.zh
        places = dict.fromkeys(locate_citation(citation) for citation in self.citations)
        if not places:
            return text
        label = "see: " if lang == "en" else "出处："
        return f"{text}\n{label}{', '.join(places)}"

    def text(self, lang: str) -> str:
        """Return the article as lines: a heading, then the body, indented."""
        lines = (f"  {line}" for line in self.body(lang).split("\n"))
        return f"{self.kind} {self.id}  {self.title}\n" + "\n".join(lines)


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
