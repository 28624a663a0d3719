"""Lint checks that look at calls together: bans, ids, failures, pages, repeated queries."""

import re
from collections import deque
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from math import ceil

from ..world.journal import MASK
from .review_findings import JournalCall, ReviewFinding, make_review_finding

__all__ = [
    "APP_BAN",
    "double_forms",
    "find_calls_in_ban",
    "find_fast_polling",
    "find_hopeless_retries",
    "find_ignored_failures",
    "find_rounded_ids",
    "find_unfinished_pages",
    "find_unhandled_messages",
    "read_ban",
]

_CODE_CALL_LIMITED = 7
_BAN_SECONDS = re.compile(r"for (\d+) more second")
APP_BAN = "accesscontrol.limited-by-app-access-count"
_ID_KINDS = {
    "dispute_id": "dispute_id",
    "refund_id_array": "dispute_id",
    "tid": "tid",
    "biz_order_id": "oid",
}
_FLOAT = re.compile(r"\d+(\.\d+)?(E\+?\d{1,3})?", re.IGNORECASE | re.ASCII)
_MAX_ID_CHARACTERS = 24
_EXACT_DOUBLE_DIGITS = 15  # every integer of so many digits survives a double
_GET = "tmall.exchange.get"
_LIST = "tmall.exchange.receive.get"
_AGREE = "tmall.exchange.agree"
_RETURN_AGREE = "tmall.exchange.returngoods.agree"
_PRESUMED_STEPS = {
    _RETURN_AGREE: (_AGREE,),
    "tmall.exchange.returngoods.refuse": (_AGREE,),
    "tmall.exchange.consigngoods": (_AGREE, _RETURN_AGREE),
    "tmall.exchange.confirm.consign": (_AGREE,),
}
_HAS_NEXT = re.compile(r'"has_next":(true|false)')
_TOTAL_RESULTS = re.compile(r'"total_results":(\d+)')
_CONSUME = "taobao.tmc.messages.consume"
_CONFIRM = "taobao.tmc.messages.confirm"
_MAX_QUERIES_PER_SECOND = 5  # assumed: a poller asks the same once in some seconds
_MIN_HOPELESS_CALLS = 3  # the same refused call so often in a row is no accident
Calls = Sequence[JournalCall]
Findings = Iterator[ReviewFinding]


def find_calls_in_ban(calls: Calls) -> Findings:
    """Find calls refused by a ban whose end the client could read in an earlier reply.

    A call that is let through shows that the ban is over.

    Source: docs/spec/top-protocol.md#top-6
    """
    bans: dict[tuple[str, str], tuple[JournalCall, int]] = {}  # by app_key and method ("": all)
    repeated: dict[tuple[str, int], list[JournalCall]] = {}
    for call in calls:
        entry = call.entry
        app_key = call.params.get("app_key", "")
        if entry.outcome != "refused":
            bans.pop((app_key, ""), None)
            bans.pop((app_key, entry.method), None)
        seconds_left = read_ban(call)
        if seconds_left is None:
            continue
        scope = app_key, "" if entry.sub_code == APP_BAN else entry.method
        first, seconds = bans.get(scope, (call, 0))
        if first.entry.real < call.started < first.entry.real + seconds:
            repeated.setdefault((first.entry.request_id, seconds), [first]).append(call)
        else:
            bans[scope] = call, seconds_left
    for (request_id, seconds), group in repeated.items():
        method = group[0].entry.method
        times = len(group) - 1
        yield make_review_finding(
            "call_in_ban",
            group,
            f"{method} 被告知封禁还剩 {seconds} 秒({request_id})，其间又调用了 {times} 次",
            f"{method} had a reply with a ban of {seconds} s ({request_id})"
            f" and called {times} times more before it was over",
        )


def read_ban(call: JournalCall) -> int | None:
    """Return the seconds of a ban that the reply names, None if it names none."""
    if call.entry.code != _CODE_CALL_LIMITED or call.unanswered:
        return None
    match = _BAN_SECONDS.search(str(call.reply.get("sub_msg", "")))
    return int(match[1]) if match else None


def find_unhandled_messages(calls: Calls) -> Findings:
    """Find messages confirmed with no call about an exchange since they were fetched."""
    fetched: JournalCall | None = None
    for call in calls:
        method = call.entry.method
        ok = call.entry.outcome == "ok"
        if method == _CONSUME and ok and call.reply.get("messages"):
            fetched = call
        elif method.startswith("tmall.exchange."):
            fetched = None
        elif method == _CONFIRM and ok and fetched is not None:
            yield make_review_finding(
                "confirmed_unhandled",
                (fetched, call),
                f"{_CONSUME} 取到的消息紧接着就被确认，其间没有任何换货单调用",
                f"what {_CONSUME} fetched was confirmed with no call about an exchange in between",
            )
            fetched = None


def find_rounded_ids(calls: Calls, ids: Mapping[str, Collection[int]]) -> Findings:
    """Find ids asked for that do not exist, but that a double makes of one that does.

    `ids` are the existing numbers by kind: `dispute_id`, `tid`, `oid`.
    """
    sent: dict[tuple[str, str], list[JournalCall]] = {}
    for call in calls:
        for name, kind in _ID_KINDS.items():
            for text in call.params.get(name, "").split(","):
                if _is_unknown_id(text, ids.get(kind, ())):
                    sent.setdefault((kind, text), []).append(call)
    forms = {kind: double_forms(ids.get(kind, ())) for kind in {kind for kind, _ in sent}}
    for (kind, text), group in sent.items():
        digits, floats = forms[kind]
        number = digits.get(text) if text.isdigit() else floats.get(float(text))
        if number is not None:
            yield make_review_finding(
                "ids_rounded",
                group,
                f"编号 {text} 不存在，但 {number} 经过双精度浮点数就成了它",
                f"there is no {text}, but {number} becomes that in a double",
            )


def _is_unknown_id(text: str, ids: Collection[int]) -> bool:
    """Return whether a text is a number that is none of the ids, and long or a fraction."""
    if len(text) > _MAX_ID_CHARACTERS or not _FLOAT.fullmatch(text):
        return False
    return not text.isdigit() or (len(text) > _EXACT_DOUBLE_DIGITS and int(text) not in ids)


def double_forms(ids: Iterable[int]) -> tuple[Mapping[str, int], Mapping[float, int]]:
    """Return what ids become in a double, each with the id: as digits, and as floats.

    Digits are exact, or the shortest that JavaScript writes; floats are whole, or PHP's 14 digits.
    """
    digits: dict[str, int] = {}
    floats: dict[float, int] = {}
    for number in ids:
        double = float(number)
        floats |= {double: number, float(f"{double:.13E}"): number}
        digits |= {str(int(double)): number, str(int(Decimal(repr(double)))): number}
    return digits, floats


def find_ignored_failures(calls: Calls) -> Findings:
    """Find seller's steps that presume one that has failed, without reading the exchange first."""
    failed: dict[str, dict[str, JournalCall]] = {}  # by exchange, then by method
    ignored: dict[tuple[str, str, str], list[JournalCall]] = {}
    for call in calls:
        entry = call.entry
        if entry.method == _LIST:
            failed.clear()
        elif entry.method == _GET:
            failed.pop(entry.dispute_id, None)
        elif call.method is not None and call.method.move is not None and entry.dispute_id:
            failures = failed.setdefault(entry.dispute_id, {})
            for step in _PRESUMED_STEPS.get(entry.method, ()):
                if step in failures:
                    key = (entry.dispute_id, step, entry.method)
                    ignored.setdefault(key, [failures[step]]).append(call)
            failures.pop(entry.method, None)
            if entry.outcome != "ok" and not call.unanswered:
                failures[entry.method] = call
    for (dispute_id, step, method), group in ignored.items():
        reason = group[0].entry.msg_code or f"code {group[0].entry.code}"
        yield make_review_finding(
            "failure_ignored",
            group,
            f"换货单 {dispute_id}：{step} 失败({reason})，没有查询就接着 {method}",
            f"exchange {dispute_id}: {step} failed ({reason}), then came {method} without a look",
        )


def find_unfinished_pages(calls: Calls) -> Findings:
    """Find lists with a reply that promises more, and a page that was never asked for."""
    paged = [
        call
        for call in calls
        if call.entry.outcome == "ok" and call.params and "page_no" in _list_defaults(call)
    ]
    for group in _group_alike(paged, "page_no", "fields"):
        pages = {_page_number(call) for call in group}
        promising = [
            call
            for call in group
            if not call.unanswered and _has_next(call) and _page_number(call) + 1 not in pages
        ]
        last = max(map(_count_pages, promising), default=0)
        missing = set(range(1, last + 1)) - pages
        if missing:
            method = group[0].entry.method
            page = min(missing)
            count = len(missing)
            yield make_review_finding(
                "pages_unfinished",
                promising,
                f"{method} 说还有下一页，第 {page} 页却没有请求过(共缺 {count} 页)",
                f"{method} said that there are more, but page {page} was never asked for"
                f" (missing: {count})",
            )


def _list_defaults(call: JournalCall) -> Mapping[str, str]:
    """Return the parameters that the call's method has, with their defaults."""
    params = call.method.params if call.method is not None else ()
    return {param.name: param.default for param in params}


def _page_number(call: JournalCall) -> int:
    return int(call.params.get("page_no") or 1)


def _has_next(call: JournalCall) -> bool:
    flags = _HAS_NEXT.findall(_unescape_reply(call))
    return bool(flags) and flags[-1] == "true"


def _count_pages(call: JournalCall) -> int:
    """Return how many pages the list has, 0 if the reply does not say."""
    totals = _TOTAL_RESULTS.findall(_unescape_reply(call))
    size = int(call.params.get("page_size") or _list_defaults(call)["page_size"])
    return ceil(int(totals[-1]) / size) if totals else 0


def _unescape_reply(call: JournalCall) -> str:
    """Return the kept reply without escapes: a clipped one is JSON within JSON."""
    return call.entry.reply.decode().replace("\\", "")


def find_fast_polling(calls: Calls) -> Findings:
    """Find the same query more often in a second than a poller has reason to send it."""
    queries = [
        call for call in calls if call.method is not None and call.method.query and _is_whole(call)
    ]
    for group in _group_alike(queries):
        window: deque[JournalCall] = deque()
        frequent: dict[int, JournalCall] = {}
        for call in sorted(group, key=lambda query: query.started):
            window.append(call)
            while call.started - window[0].started >= 1:
                window.popleft()
            if len(window) > _MAX_QUERIES_PER_SECOND:
                frequent.update((query.entry.number, query) for query in window)
        if frequent:
            method = group[0].entry.method
            most = _MAX_QUERIES_PER_SECOND
            yield make_review_finding(
                "polling_fast",
                tuple(frequent.values()),
                f"{method} 同样的查询一秒内超过 {most} 次(共 {len(frequent)} 次)",
                f"{method}: the same query came more than {most} times in a second"
                f" ({len(frequent)} in all)",
            )


def find_hopeless_retries(calls: Calls) -> Findings:
    """Find a call sent again and again though its sub_code says that the caller made a mistake."""
    answered = [call for call in calls if _is_whole(call) and not call.unanswered]
    for group in _group_alike(answered):
        for sub_code, same in groupby(group, key=lambda call: call.entry.sub_code):
            row = tuple(same)
            if sub_code.startswith("isv.") and len(row) >= _MIN_HOPELESS_CALLS:
                method = row[0].entry.method
                yield make_review_finding(
                    "hopeless_retry",
                    row,
                    f"{method} 被拒绝({sub_code})后原样重试，共 {len(row)} 次",
                    f"{method} was refused ({sub_code}) and sent again unchanged,"
                    f" {len(row)} times in all",
                )


def _is_whole(call: JournalCall) -> bool:
    """Return whether no business parameter is masked: masked calls would look alike."""
    return bool(call.params) and all(value != MASK for _, value in call.business_params())


def _group_alike(calls: Iterable[JournalCall], *excluded: str) -> list[list[JournalCall]]:
    """Return the calls in groups of one app, account, method and parameters, the excluded aside."""
    groups: dict[Hashable, list[JournalCall]] = {}
    for call in calls:
        params = call.business_params(excluded)
        key = call.entry.method, call.entry.caller, call.params.get("app_key"), params
        groups.setdefault(key, []).append(call)
    return list(groups.values())
