"""Checks of the client report that look at calls together: bans, ids, failures, pages, how often the same is asked."""

import re
from collections import deque
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from math import ceil

from ..world.journal import MASK
from .review_findings import Finding, JournalCall, make_finding

__all__ = [
    "call_in_ban",
    "confirmed_unhandled",
    "failure_ignored",
    "hopeless_retry",
    "ids_rounded",
    "pages_unfinished",
    "polling_fast",
]

_BAN = re.compile(r"for (\d+) more second")
_APP_WIDE = "accesscontrol.limited-by-app-access-count"
_IDS = {
    "dispute_id": "dispute_id",
    "refund_id_array": "dispute_id",
    "tid": "tid",
    "biz_order_id": "oid",
}
_FLOAT = re.compile(r"\d+(\.\d+)?(E\+?\d{1,3})?", re.IGNORECASE | re.ASCII)
_ID_AT_MOST = 24  # characters of what may be an id
_AGREE, _RECEIVE = "tmall.exchange.agree", "tmall.exchange.returngoods.agree"
_PRESUMED = {
    _RECEIVE: (_AGREE,),
    "tmall.exchange.returngoods.refuse": (_AGREE,),
    "tmall.exchange.consigngoods": (_AGREE, _RECEIVE),
    "tmall.exchange.confirm.consign": (_AGREE,),
}
_NEXT, _TOTAL = re.compile(r'"has_next":(true|false)'), re.compile(r'"total_results":(\d+)')
_CONSUME, _CONFIRM = "taobao.tmc.messages.consume", "taobao.tmc.messages.confirm"
_PER_SECOND = 5  # guess: no document; a poller asks the same once in some seconds
_ALIKE = 3  # the same refused call so often in a row is no accident
Calls = Sequence[JournalCall]


def call_in_ban(calls: Calls) -> Iterator[Finding]:
    """Calls refused by a ban of which the client had been told; a call that is let through shows that the ban is over."""
    bans: dict[tuple[str, ...], tuple[JournalCall, int]] = {}
    during: dict[tuple[str, int], list[JournalCall]] = {}
    for call in calls:
        entry, app_key = call.entry, call.params.get("app_key", "")
        if entry.outcome != "refused":
            for scope in ("", entry.method):
                bans.pop((app_key, scope), None)
        if (
            entry.code != 7
            or call.unheard
            or not (told := _BAN.search(str(call.reply.get("sub_msg", ""))))
        ):
            continue
        key = app_key, "" if entry.sub_code == _APP_WIDE else entry.method
        first, seconds = bans.get(key, (call, 0))
        if first.entry.real < call.started < first.entry.real + seconds:
            during.setdefault((first.entry.request_id, seconds), [first]).append(call)
        else:
            bans[key] = call, int(told[1])
    for (request_id, seconds), shown in during.items():
        method, again = shown[0].entry.method, len(shown) - 1
        yield make_finding(
            "call_in_ban",
            shown,
            f"{method} 被告知封禁还剩 {seconds} 秒({request_id})，其间又调用了 {again} 次",
            f"{method} was told of a ban of {seconds} s ({request_id}) and called {again} times more before it was over",
        )


def confirmed_unhandled(calls: Calls) -> Iterator[Finding]:
    """Messages confirmed with no call about an exchange since they were fetched; the methods of messages are stubs."""
    fetched: JournalCall | None = None
    for call in calls:
        method = call.entry.method
        if method == _CONSUME and call.entry.outcome == "ok" and call.reply.get("messages"):
            fetched = call
        elif method.startswith("tmall.exchange."):
            fetched = None
        elif method == _CONFIRM and call.entry.outcome == "ok" and fetched is not None:
            yield make_finding(
                "confirmed_unhandled",
                (fetched, call),
                f"{_CONSUME} 取到的消息紧接着就被确认，其间没有任何换货单调用",
                f"what {_CONSUME} fetched was confirmed with no call about an exchange in between",
            )
            fetched = None


def ids_rounded(calls: Calls, ids: Mapping[str, Collection[int]]) -> Iterator[Finding]:
    """Ids asked for that do not exist, but that a double makes of one that does; `ids` are by kind: `dispute_id`, `tid`, `oid`."""
    asked: dict[tuple[str, str], list[JournalCall]] = {}
    for call in calls:
        for name, kind in _IDS.items():
            for text in call.params.get(name, "").split(","):
                if _strange(text, ids.get(kind, ())):
                    asked.setdefault((kind, text), []).append(call)
    doubles = {kind: _in_doubles(ids.get(kind, ())) for kind in {kind for kind, _ in asked}}
    for (kind, text), shown in asked.items():
        whole, floats = doubles[kind]
        known = whole.get(text) if text.isdigit() else floats.get(float(text))
        if known is not None:
            yield make_finding(
                "ids_rounded",
                shown,
                f"编号 {text} 不存在，但 {known} 经过双精度浮点数就成了它",
                f"there is no {text}, but {known} becomes that in a double",
            )


def _strange(text: str, ids: Collection[int]) -> bool:
    """Whether a text is a number that is none of these ids, and long or a fraction."""
    if len(text) > _ID_AT_MOST or not _FLOAT.fullmatch(text):
        return False
    return not text.isdigit() or (len(text) > 15 and int(text) not in ids)


def _in_doubles(ids: Iterable[int]) -> tuple[Mapping[str, int], Mapping[float, int]]:
    """What ids become: digits, exact or shortest as JavaScript writes them; and floats, whole or with PHP's 14 digits."""
    whole: dict[str, int] = {}
    floats: dict[float, int] = {}
    for number in ids:
        double = float(number)
        floats |= {double: number, float(f"{double:.13E}"): number}
        whole |= {str(int(double)): number, str(int(Decimal(repr(double)))): number}
    return whole, floats


def failure_ignored(calls: Calls) -> Iterator[Finding]:
    """Steps of the seller's that presume one that has failed, with no look at the exchange in between."""
    failed: dict[str, dict[str, JournalCall]] = {}
    found: dict[tuple[str, str, str], list[JournalCall]] = {}
    for call in calls:
        entry = call.entry
        if entry.method == "tmall.exchange.receive.get":
            failed.clear()
        elif entry.method == "tmall.exchange.get":
            failed.pop(entry.dispute_id, None)
        elif call.method is not None and call.method.move is not None and entry.dispute_id:
            before = failed.setdefault(entry.dispute_id, {})
            for step in _PRESUMED.get(entry.method, ()):
                if step in before:
                    found.setdefault((entry.dispute_id, step, entry.method), [before[step]]).append(
                        call
                    )
            before.pop(entry.method, None)
            if entry.outcome != "ok" and not call.unheard:
                before[entry.method] = call
    for (dispute_id, step, method), shown in found.items():
        what = shown[0].entry.msg_code or f"code {shown[0].entry.code}"
        yield make_finding(
            "failure_ignored",
            shown,
            f"换货单 {dispute_id}：{step} 失败({what})，没有查询就接着 {method}",
            f"exchange {dispute_id}: {step} failed ({what}), then came {method} without a look",
        )


def pages_unfinished(calls: Calls) -> Iterator[Finding]:
    """Lists of which a page said that there are more, and some page was never asked for, in whatever order."""
    paged = [
        call
        for call in calls
        if call.entry.outcome == "ok" and call.params and "page_no" in _params(call)
    ]
    for shown in _alike(paged, "page_no", "fields"):
        asked = {int(call.params.get("page_no") or 1) for call in shown}
        more = [
            call
            for call in shown
            if not call.unheard
            and _has_next(call)
            and int(call.params.get("page_no") or 1) + 1 not in asked
        ]
        missing = set(range(1, max(map(_pages, more), default=0) + 1)) - asked
        if missing:
            method, page = shown[0].entry.method, min(missing)
            yield make_finding(
                "pages_unfinished",
                more,
                f"{method} 说还有下一页，第 {page} 页却没有请求过(共缺 {len(missing)} 页)",
                f"{method} said that there are more, but page {page} was never asked for (missing: {len(missing)})",
            )


def _params(call: JournalCall) -> Mapping[str, str]:
    """The parameters of the call's method with their defaults."""
    return (
        {} if call.method is None else {param.name: param.default for param in call.method.params}
    )


def _has_next(call: JournalCall) -> bool:
    found = _NEXT.findall(_text(call))
    return bool(found) and found[-1] == "true"


def _pages(call: JournalCall) -> int:
    """How many pages there were in all."""
    found = _TOTAL.findall(_text(call))
    size = int(call.params.get("page_size") or _params(call)["page_size"])
    return ceil(int(found[-1]) / size) if found else 0


def _text(call: JournalCall) -> str:
    """The kept reply without escapes: one that was clipped is JSON within JSON."""
    return call.entry.reply.decode().replace("\\", "")


def polling_fast(calls: Calls) -> Iterator[Finding]:
    """The same query more often in a second than a poller has reason to."""
    for shown in _alike(
        call for call in calls if call.method is not None and call.method.query and _whole(call)
    ):
        window: deque[JournalCall] = deque()
        often: dict[int, JournalCall] = {}
        for call in sorted(shown, key=lambda each: each.started):
            window.append(call)
            while call.started - window[0].started >= 1:
                window.popleft()
            if len(window) > _PER_SECOND:
                often.update((each.entry.number, each) for each in window)
        if often:
            method = shown[0].entry.method
            yield make_finding(
                "polling_fast",
                tuple(often.values()),
                f"{method} 同样的查询一秒内超过 {_PER_SECOND} 次(共 {len(often)} 次)",
                f"{method}: the same query came more than {_PER_SECOND} times in a second ({len(often)} in all)",
            )


def hopeless_retry(calls: Calls) -> Iterator[Finding]:
    """The same call again and again though its sub_code says that it is the caller's mistake."""
    for shown in _alike(call for call in calls if _whole(call) and not call.unheard):
        for sub_code, same in groupby(shown, key=lambda call: call.entry.sub_code):
            row = tuple(same)
            if sub_code.startswith("isv.") and len(row) >= _ALIKE:
                method = row[0].entry.method
                yield make_finding(
                    "hopeless_retry",
                    row,
                    f"{method} 被拒绝({sub_code})后原样重试，共 {len(row)} 次",
                    f"{method} was refused ({sub_code}) and sent again unchanged, {len(row)} times in all",
                )


def _whole(call: JournalCall) -> bool:
    """Whether nothing of what was asked is masked: calls with other hidden values would look alike."""
    return bool(call.params) and all(value != MASK for _, value in call.asked())


def _alike(calls: Iterable[JournalCall], *but: str) -> list[list[JournalCall]]:
    """The calls in groups: the same app and account ask the same of the same method, `but` these parameters."""
    groups: dict[Hashable, list[JournalCall]] = {}
    for call in calls:
        key = call.entry.method, call.entry.caller, call.params.get("app_key"), call.asked(but)
        groups.setdefault(key, []).append(call)
    return list(groups.values())
