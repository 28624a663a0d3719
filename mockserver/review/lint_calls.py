"""Checks of the client report that look at each call by itself: its parameters, its fields, how it was sent."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from ..api.declaration import Method
from ..api.spelling import FIELD_NAMES, PARAMETER_NAMES, suggest_name
from .review_findings import Finding, JournalCall, make_finding, shorten

__all__ = [
    "every_field",
    "fields_missing",
    "md5_sign",
    "no_window",
    "session_in_url",
    "unknown_field",
    "unknown_parameter",
    "version_missing",
]

LIST = "tmall.exchange.receive.get"
_NARROWING = (
    "start_gmt_modified_time",
    "end_gmt_modifed_time",
    "start_created_time",
    "end_created_time",
    "refund_id_array",
    "biz_order_id",
    "logistic_no",
)
_MANY_FIELDS = 20  # records with fewer are asked for whole by many
_NAMES_AT_MOST = 50  # unknown names that are told one by one
Calls = Sequence[JournalCall]
Named = Iterable[tuple[tuple[str, str], JournalCall]]


def unknown_parameter(calls: Calls) -> Iterator[Finding]:
    """Parameters that the method's page does not document."""
    named = (((method.name, name), call) for method, call in _known(calls) for name in _sent(call))
    yield from _strange(
        "unknown_parameter", named, PARAMETER_NAMES, ("没有参数", "has no parameter")
    )


def unknown_field(calls: Calls) -> Iterator[Finding]:
    """Names in `fields` that the record does not have."""
    named = (
        ((method.name, name), call)
        for method, call in _known(calls)
        if method.record
        for name in dict.fromkeys(_fields(call))
        if name.partition(".")[0] not in FIELD_NAMES[method.name]
    )
    yield from _strange("unknown_field", named, FIELD_NAMES, ("没有字段", "has no field"))


def fields_missing(calls: Calls) -> Iterator[Finding]:
    """Calls without `fields` of methods that require it."""
    for method, shown in _by_method(
        call
        for method, call in _known(calls)
        if not _fields(call) and any(param.name == "fields" for param in method.params)
    ):
        yield make_finding(
            "fields_missing",
            shown,
            f"{method} 有 {len(shown)} 次没有给 fields",
            f"{len(shown)} calls of {method} had no fields",
        )


def every_field(calls: Calls) -> Iterator[Finding]:
    """Calls that ask for all that a large record has."""
    whole = {
        method.name: set(method.all_fields.split(","))
        for method, _ in _known(calls)
        if len(method.record) > _MANY_FIELDS
    }
    for method, shown in _by_method(
        call
        for method, call in _known(calls)
        if method.name in whole and whole[method.name] <= set(_fields(call))
    ):
        many = len(whole[method])
        yield make_finding(
            "every_field",
            shown,
            f"{method} 有 {len(shown)} 次取了全部 {many} 个字段",
            f"{len(shown)} calls of {method} asked for all {many} fields",
        )


def no_window(calls: Calls) -> Iterator[Finding]:
    """Lists asked for without a time window and without an id."""
    wide = [
        call
        for method, call in _known(calls)
        if method.name == LIST and not any(call.params.get(name) for name in _NARROWING)
    ]
    if wide:
        yield make_finding(
            "no_window",
            wide,
            f"{LIST} 有 {len(wide)} 次既没有时间范围也没有单号",
            f"{len(wide)} calls of {LIST} had neither a time window nor an id",
        )


def version_missing(calls: Calls) -> Iterator[Finding]:
    """Calls without `v`."""
    bare = [call for call in calls if call.params and not call.params.get("v")]
    if bare:
        yield make_finding(
            "version_missing", bare, f"{len(bare)} 次调用没有给 v", f"{len(bare)} calls had no v"
        )


def session_in_url(calls: Calls) -> Iterator[Finding]:
    """Sessions sent by GET over plain http; the official SDKs' POST with a session in the query is left alone."""
    bare = [
        call
        for call in calls
        if call.entry.verb == "GET"
        and call.entry.base_url.startswith("http://")
        and call.params.get("session")
    ]
    if bare:
        yield make_finding(
            "session_in_url",
            bare,
            f"{len(bare)} 次调用用 http 的 GET 发送 session",
            f"{len(bare)} calls sent a session by GET over http",
        )


def md5_sign(calls: Calls) -> Iterator[Finding]:
    """Calls signed with md5, named or by default."""
    signed = [
        call
        for call in calls
        if call.params.get("sign") and (call.params.get("sign_method") or "md5") == "md5"
    ]
    if signed:
        yield make_finding(
            "md5_sign",
            signed,
            f"{len(signed)} 次调用用 md5 签名",
            f"{len(signed)} calls were signed with md5",
        )


def _known(calls: Calls) -> Iterator[tuple[Method, JournalCall]]:
    """The calls of declared methods whose parameters were kept."""
    return ((method, call) for call in calls if call.params and (method := call.method) is not None)


def _sent(call: JournalCall) -> list[str]:
    """The names of parameters and files."""
    files = msgspec.json.decode(call.entry.files) if call.entry.files != b"[]" else []
    return [*call.params, *(each["name"] for each in files)]


def _fields(call: JournalCall) -> list[str]:
    return [name for each in call.params.get("fields", "").split(",") if (name := each.strip())]


def _by_method(calls: Iterable[JournalCall]) -> Iterable[tuple[str, list[JournalCall]]]:
    groups: dict[str, list[JournalCall]] = {}
    for call in calls:
        groups.setdefault(call.entry.method, []).append(call)
    return groups.items()


def _strange(
    id: str, named: Named, known: Mapping[str, Collection[str]], words: tuple[str, str]
) -> Iterator[Finding]:
    """One finding for each name that its method does not have, with what was perhaps meant."""
    groups: dict[tuple[str, str], list[JournalCall]] = {}
    for key, call in named:
        if key[1] not in known[key[0]]:
            groups.setdefault(key, []).append(call)
    for (method, name), shown in list(groups.items())[:_NAMES_AT_MOST]:
        near = suggest_name(name, known[method])
        meant_zh, meant_en = (f"；是否指 {near}？", f"; did you mean {near}?") if near else ("", "")
        yield make_finding(
            id,
            shown,
            f"{method} {words[0]} {shorten(name)}{meant_zh}",
            f"{method} {words[1]} {shorten(name)}{meant_en}",
        )
