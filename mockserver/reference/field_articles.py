"""Articles on the fields of an exchange, as replies show them."""

from collections.abc import Iterator

from ..api.methods import METHODS
from ..api.records import EXCHANGE, Column, RecordKind
from .article import Article, cite, format_evidence_en, format_evidence_zh

__all__ = ["explain_fields"]

_REPLIES = {RecordKind.GET: "tmall.exchange.get", RecordKind.LIST: "tmall.exchange.receive.get"}


def explain_fields() -> Iterator[Article]:
    """Yield an article for each field of an exchange, in the order of the records."""
    for column in EXCHANGE:
        yield _explain_field(column)


def _explain_field(column: Column) -> Article:
    field = column.field
    replies = [_REPLIES[kind] for kind in column.kinds if kind in _REPLIES]
    writes = [method.name for method in METHODS.values() if method.move and field in method.record]
    names = ", ".join([*replies, *writes])
    return Article(
        kind="字段 field",
        id=field.name,
        title=str(field.kind),
        zh=f"{field.zh}；见于 {names}\n{format_evidence_zh(column.evidence)}",
        en=f"{column.en or field.name} in {names}\n{format_evidence_en(column.evidence)}",
        citations=cite([column.evidence]),
    )
