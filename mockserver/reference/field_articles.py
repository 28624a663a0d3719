"""Articles on the fields of replies and on the parameters of calls, each name once."""

from collections.abc import Iterator

from ..api.declaration import Method
from ..api.methods import METHODS
from ..api.records import EXCHANGE, Column, RecordKind
from ..protocol.shapes import Field, Param
from .article import Article, cite, format_evidence_en, format_evidence_zh

__all__ = ["explain_fields", "explain_parameters", "format_param"]

_REPLIES = {RecordKind.GET: "tmall.exchange.get", RecordKind.LIST: "tmall.exchange.receive.get"}


def explain_fields() -> Iterator[Article]:
    """Yield an article for each field of an exchange, then for each other field of a reply."""
    for column in EXCHANGE:
        yield _explain_field(column)
    names_of_exchanges = {column.field.name for column in EXCHANGE}
    places: dict[str, list[tuple[Method, str, Field]]] = {}
    for method in METHODS.values():
        for path, field in _walk(method.reply):
            if field.name not in names_of_exchanges:
                places.setdefault(field.name, []).append((method, path, field))
    for name, replies in places.items():
        yield _explain_reply_field(name, replies)


def _walk(fields: tuple[Field, ...], path: str = "") -> Iterator[tuple[str, Field]]:
    """Yield every field below `fields` with its dotted path, element names of lists left out."""
    for field in fields:
        yield f"{path}{field.name}", field
        yield from _walk(field.of, f"{path}{field.name}.")


def _explain_reply_field(name: str, places: list[tuple[Method, str, Field]]) -> Article:
    paths: dict[str, list[str]] = {}
    for method, path, _ in places:
        paths.setdefault(path, []).append(method.name)
    meanings = dict.fromkeys(field.zh for _, _, field in places if field.zh)
    lines = [f"{path}：{', '.join(names)}" for path, names in paths.items()]
    english = [f"{path} in {', '.join(names)}" for path, names in paths.items()]
    return Article(
        kind="字段 field",
        id=name,
        title="、".join(dict.fromkeys(str(field.kind) for _, _, field in places)),
        zh="\n".join([*meanings, *lines]),
        en="\n".join(english),
        citations=cite(method.evidence for method, _, _ in places),
    )


def explain_parameters() -> Iterator[Article]:
    """Yield an article for each parameter of a method: by method, what it takes."""
    places: dict[str, list[tuple[Method, Param]]] = {}
    for method in METHODS.values():
        for param in method.params:
            places.setdefault(param.name, []).append((method, param))
    for name, takers in places.items():
        yield _explain_parameter(name, takers)


def _explain_parameter(name: str, takers: list[tuple[Method, Param]]) -> Article:
    methods: dict[str, list[str]] = {}
    for method, param in takers:
        methods.setdefault(format_param(param), []).append(method.name)
    english = [
        f"{param.kind}{', required' if param.required else ''} in {method.name}"
        for method, param in takers
    ]
    return Article(
        kind="参数 parameter",
        id=name,
        title="、".join(dict.fromkeys(str(param.kind) for _, param in takers)),
        zh="\n".join(f"{text}\n  {', '.join(names)}" for text, names in methods.items()),
        en="\n".join(english),
        citations=cite(method.evidence for method, _ in takers),
    )


def format_param(param: Param) -> str:
    """Return a parameter in one line of Chinese: name, type, need, limits, default, meaning."""
    need = "必填" if param.required else "可选"
    limit = f"，最多 {param.limit} 项" if param.limit else ""
    among = f"，取值 {'、'.join(param.among)}" if param.among else ""
    default = f"，默认 {param.default}" if param.default else ""
    return f"{param.name}  {param.kind} {need}{limit}{among}{default}  {param.zh}".rstrip()


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
