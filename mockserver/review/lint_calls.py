"""Lint checks that look at each call by itself: its parameters, its fields, how it was sent."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from ..api.declaration import Method
from ..api.spelling import FIELD_NAMES, PARAMETER_NAMES, suggest_name
from .review_findings import JournalCall, ReviewFinding, make_review_finding, shorten_text

__all__ = [
    "find_every_field",
    "find_md5_sign",
    "find_missing_fields",
    "find_missing_version",
    "find_missing_window",
    "find_session_in_url",
    "find_unknown_fields",
    "find_unknown_parameters",
]

_LIST = "tmall.exchange.receive.get"
_NARROWING_PARAMETERS = (
    "start_gmt_modified_time",
    "end_gmt_modifed_time",
    "start_created_time",
    "end_created_time",
    "refund_id_array",
    "biz_order_id",
    "logistic_no",
)
_MIN_LARGE_RECORD = 21  # fields; many clients ask for all fields of smaller records
_MAX_REPORTED_NAMES = 50  # unknown names, one finding each
Calls = Sequence[JournalCall]
Findings = Iterator[ReviewFinding]


def find_unknown_parameters(calls: Calls) -> Findings:
    """Find parameters that the method's page does not document."""
    names = (
        (method.name, name, call)
        for method, call in _select_declared(calls)
        for name in _list_parameters(call)
    )
    words = "没有参数", "has no parameter"
    yield from _report_unknown("unknown_parameter", names, PARAMETER_NAMES, words)


def find_unknown_fields(calls: Calls) -> Findings:
    """Find names in `fields` that the record does not have; of `a.b`, only `a` is looked at."""
    names = (
        (method.name, name, call)
        for method, call in _select_declared(calls)
        if method.record
        for name in dict.fromkeys(_list_fields(call))
        if name.partition(".")[0] not in FIELD_NAMES[method.name]
    )
    yield from _report_unknown("unknown_field", names, FIELD_NAMES, ("没有字段", "has no field"))


def find_missing_fields(calls: Calls) -> Findings:
    """Find calls without `fields` of methods that require it."""
    groups = _group_by_method(
        call
        for method, call in _select_declared(calls)
        if not _list_fields(call) and any(param.name == "fields" for param in method.params)
    )
    for method, group in groups:
        yield make_review_finding(
            "fields_missing",
            group,
            f"{method} 有 {len(group)} 次没有给 fields",
            f"{len(group)} calls of {method} had no fields",
        )


def find_every_field(calls: Calls) -> Findings:
    """Find calls that ask for all fields of a large record."""
    all_fields = {
        method.name: set(method.all_fields.split(","))
        for method, _ in _select_declared(calls)
        if len(method.record) >= _MIN_LARGE_RECORD
    }
    groups = _group_by_method(
        call
        for method, call in _select_declared(calls)
        if method.name in all_fields and all_fields[method.name] <= set(_list_fields(call))
    )
    for method, group in groups:
        count = len(all_fields[method])
        yield make_review_finding(
            "every_field",
            group,
            f"{method} 有 {len(group)} 次取了全部 {count} 个字段",
            f"{len(group)} calls of {method} asked for all {count} fields",
        )


def find_missing_window(calls: Calls) -> Findings:
    """Find lists asked for without a time window and without an id."""
    group = [
        call
        for method, call in _select_declared(calls)
        if method.name == _LIST and not any(call.params.get(name) for name in _NARROWING_PARAMETERS)
    ]
    if group:
        yield make_review_finding(
            "no_window",
            group,
            f"{_LIST} 有 {len(group)} 次既没有时间范围也没有单号",
            f"{len(group)} calls of {_LIST} had neither a time window nor an id",
        )


def find_missing_version(calls: Calls) -> Findings:
    """Find calls without `v`."""
    group = [call for call in calls if call.params and not call.params.get("v")]
    if group:
        zh, en = f"{len(group)} 次调用没有给 v", f"{len(group)} calls had no v"
        yield make_review_finding("version_missing", group, zh, en)


def find_session_in_url(calls: Calls) -> Findings:
    """Find sessions sent by GET over plain http.

    The official SDKs send a POST with the session in the query: that is left alone.
    """
    group = [
        call
        for call in calls
        if call.entry.verb == "GET"
        and call.entry.base_url.startswith("http://")
        and call.params.get("session")
    ]
    if group:
        yield make_review_finding(
            "session_in_url",
            group,
            f"{len(group)} 次调用用 http 的 GET 发送 session",
            f"{len(group)} calls sent a session by GET over http",
        )


def find_md5_sign(calls: Calls) -> Findings:
    """Find calls signed with md5, named or by default."""
    group = [
        call
        for call in calls
        if call.params.get("sign") and (call.params.get("sign_method") or "md5") == "md5"
    ]
    if group:
        yield make_review_finding(
            "md5_sign",
            group,
            f"{len(group)} 次调用用 md5 签名",
            f"{len(group)} calls were signed with md5",
        )


def _select_declared(calls: Calls) -> Iterator[tuple[Method, JournalCall]]:
    """Yield the calls of declared methods whose parameters were kept."""
    return ((method, call) for call in calls if call.params and (method := call.method) is not None)


def _list_parameters(call: JournalCall) -> list[str]:
    """Return the names of text parameters and files."""
    files = msgspec.json.decode(call.entry.files) if call.entry.files != b"[]" else []
    return [*call.params, *(file["name"] for file in files)]


def _list_fields(call: JournalCall) -> list[str]:
    return [name for item in call.params.get("fields", "").split(",") if (name := item.strip())]


def _group_by_method(calls: Iterable[JournalCall]) -> Iterable[tuple[str, list[JournalCall]]]:
    groups: dict[str, list[JournalCall]] = {}
    for call in calls:
        groups.setdefault(call.entry.method, []).append(call)
    return groups.items()


def _report_unknown(
    rule_id: str,
    names: Iterable[tuple[str, str, JournalCall]],
    known_names: Mapping[str, Collection[str]],
    words: tuple[str, str],
) -> Findings:
    """Report each name (method, name, call) that is not known, with what was perhaps meant."""
    groups: dict[tuple[str, str], list[JournalCall]] = {}
    for method, name, call in names:
        if name not in known_names[method]:
            groups.setdefault((method, name), []).append(call)
    for (method, name), group in list(groups.items())[:_MAX_REPORTED_NAMES]:
        near = suggest_name(name, known_names[method])
        zh = f"{method} {words[0]} {shorten_text(name)}"
        en = f"{method} {words[1]} {shorten_text(name)}"
        if near:
            zh, en = f"{zh}；是否指 {near}？", f"{en}; did you mean {near}?"
        yield make_review_finding(rule_id, group, zh, en)
