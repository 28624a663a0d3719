"""How a rule is known: its grade, and the source that says so.

Every row, method, field, switch and code of the product carries an `Evidence`, so that no reply
pretends to be better known than it is.  `SOURCES` says what each key stands for and when it was read.
"""

from enum import StrEnum

from msgspec import Struct

__all__ = ["SOURCES", "Evidence", "Grade", "assumed", "documented", "inferred"]


class Grade(StrEnum):
    """How far a rule can be trusted, best first."""

    DOCUMENTED = "documented"
    INFERRED = "inferred"
    ASSUMED = "assumed"

    @property
    def label(self) -> str:
        """The Chinese word shown beside the grade."""
        return {"documented": "文档载明", "inferred": "推断", "assumed": "假设"}[self.value]


SOURCES = {
    "guide": "天猫换货 API 使用说明 (official exchange guide), undated, read 2026-11",
    "api": "API pages 31194–31231 and 66761, metadata of 2022-08 to 2023-10",
    "sdk": "official SDK classes and recorded calls of official SDKs, 2017 to 2023",
    "tmc": "message topic pages, copies of 2024-01 to 2026-07",
    "log": "gateway answers pasted into public code and issues, 2011 to 2026",
    "top": "TOP protocol pages (calling a method, errors, flow control), mirrors read 2026-11",
    "isv": "exchange code of nine integrators, read for behaviour, 2018 to 2025",
    "rule23": "press summaries of 天猫交易时效规定, 2023-03-23",
    "ruleold": "older help text 天猫退换货流程, undated",
    "refund": "sibling refund and dispute API pages, 2022-08",
    "product": "chosen by this product where every source is silent, 2026-11",
}


class Evidence(Struct, frozen=True):
    """A grade with the keys of `SOURCES` that carry it, and what exactly they say when it matters."""

    grade: Grade
    sources: tuple[str, ...]
    note: str = ""

    def __str__(self) -> str:
        return f"{self.grade.value} ({', '.join(self.sources)})"


def documented(*sources: str, note: str = "") -> Evidence:
    """Evidence that an official page, SDK or recorded answer states the rule."""
    return Evidence(Grade.DOCUMENTED, sources, note)


def inferred(*sources: str, note: str = "") -> Evidence:
    """Evidence from integrators' code, sibling methods or press summaries."""
    return Evidence(Grade.INFERRED, sources, note)


def assumed(note: str = "", *sources: str) -> Evidence:
    """A choice of this product, since nobody says how the platform behaves."""
    return Evidence(Grade.ASSUMED, sources or ("product",), note)
