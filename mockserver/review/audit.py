"""The idempotency audit: which writes a client repeated, and whether it looked before it did.

The question.  TOP has no idempotency keys.  When the reply to a write is lost, the client cannot
know whether the write was carried out.  To repeat it blindly ships a parcel twice or says the same
message twice; to read first is always possible and always enough.  So the audit asks of every
repeated write: did the client, since the last attempt that may have been carried out, read what
would have said so?

The model.  A write is identified by what makes two calls the same attempt (`_write_key`): the
method and the exchange, and also the content of a message or the waybill of a shipment.  For each
write the audit remembers the last success and an attempt whose reply was lost.  The journal is read
once, oldest call first, and every call is one of three things:

* a look: a reply that arrived and shows the status of an exchange, or its messages (`_Looks`);
* an attempt at a write: if an earlier attempt may have been carried out, it is a repetition,
  informed when there was a look in between, blind when there was none;
* anything else, which changes nothing.

What counts as a repetition differs.  A move that succeeds twice is a new round of the exchange, not
a repetition: the state machine would have refused it otherwise.  So for moves only a refused
repetition after a success is one.  A message that succeeds twice was said twice.  A shipment with
another waybill after a success is a second parcel, whatever the client has read
(`_record_shipment`).

Only the client's view counts.  A reply that a planned fault took away is not a look and not a known
success, although the journal holds it.  A call that a fault delivered twice was made once.

What would break: to take the server's knowledge for the client's (every retry would look careless),
or to let a look at one exchange excuse a write on another.

The functions are pure: they read entries of the journal and change nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from .review_findings import (
    JournalCall,
    ReviewFinding,
    make_review_finding,
    shorten_text,
    sort_by_severity,
)

__all__ = ["Audit", "audit"]

_ADD_MESSAGE = "tmall.exchange.message.add"
_GET_MESSAGES = "tmall.exchange.messages.get"
_GET = "tmall.exchange.get"
_LIST = "tmall.exchange.receive.get"
_SHIPPING_METHODS = ("tmall.exchange.consigngoods", "tmall.exchange.confirm.consign")
_STATUS_FIELDS = frozenset({"status", "modified", "seller_logistic_no"})  # show whether a write ran
_DISPUTE_ID = re.compile(rb'dispute_id\\?":\\?"?(\d+)')
_CLIPPED_REPLY = re.compile(rb'^\{"bytes":')
_MAX_LISTED_REPETITIONS = 3
_MAX_LISTED_WAYBILLS = 5


class Audit(Struct, frozen=True):
    """The result: the number of writes, of repetitions, of unsafe repetitions, and the findings."""

    writes: int
    repeats: int
    unsafe: int
    findings: tuple[ReviewFinding, ...]


class _Write(Struct):
    """What a client has done about one write.

    `succeeded` is the last success that it knows of, `unanswered` an attempt whose reply was lost.
    `latest` is the place, in the list of calls, of the last attempt that may have been carried out.
    `informed` holds the numbers of repetitions after a look; `blind` those without, each with the
    attempt that it repeats.
    """

    succeeded: JournalCall | None = None
    unanswered: JournalCall | None = None
    latest: int = -1
    informed: set[int] = set()
    blind: list[tuple[JournalCall, JournalCall]] = []


def audit(calls: Sequence[JournalCall]) -> Audit:
    """Return the audit of these calls, oldest first."""
    looks = _Looks()
    writes: dict[tuple[str, ...], _Write] = {}
    shipments: dict[str, _Write] = {}
    count = 0
    for place, call in enumerate(calls):
        looks.record(place, call)
        key = _write_key(call)
        if not key:
            continue
        count += 1
        _record_attempt(writes.setdefault(key, _Write()), place, call, looks)
        if call.entry.method in _SHIPPING_METHODS:
            shipment = shipments.setdefault(call.entry.dispute_id, _Write())
            _record_shipment(shipment, place, call, looks)
    findings = [
        *map(_report_repetition, _list_blind(writes)),
        *map(_report_second_shipment, _list_blind(shipments)),
    ]
    unsafe = {entry.number for finding in findings for entry in finding.entries[1:]}
    repeats = unsafe.union(*(write.informed for write in writes.values()))
    return Audit(count, len(repeats), len(unsafe), sort_by_severity(findings))


def _list_blind(writes: Mapping[Any, _Write]) -> Iterator[tuple[JournalCall, ...]]:
    """Yield, for each write repeated blindly, the first attempt and its repetitions."""
    return (
        (write.blind[0][0], *(repetition for _, repetition in write.blind))
        for write in writes.values()
        if write.blind
    )


def _write_key(call: JournalCall) -> tuple[str, ...]:
    """Return what makes two calls attempts at the same write; empty for a call that writes nothing.

    Method and exchange, and the waybill of a shipment or the mark of a message's content.
    """
    method = call.method
    entry = call.entry
    if method is None or method.move is None or not entry.dispute_id:
        return ()
    shipping = entry.method in _SHIPPING_METHODS
    return entry.method, entry.dispute_id, _waybill(call) if shipping else str(entry.mark)


class _Looks:
    """When a client last saw an exchange, or its messages: places in the list of calls."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], int] = {}  # by method and exchange
        self._last_of_all = -1

    def record(self, place: int, call: JournalCall) -> None:
        """Record the call if it is a look: a query whose reply has arrived."""
        entry = call.entry
        if entry.outcome != "ok" or call.unanswered:
            return
        if entry.method == _GET_MESSAGES:
            self._last[_GET_MESSAGES, entry.dispute_id] = place
        elif entry.method in (_GET, _LIST) and not _STATUS_FIELDS.isdisjoint(_list_fields(call)):
            if entry.method == _GET:
                self._last[_GET, entry.dispute_id] = place
            elif _CLIPPED_REPLY.match(entry.reply):
                self._last_of_all = place  # too long to be kept: it may have shown any exchange
            else:
                in_reply = [number.decode() for number in _DISPUTE_ID.findall(entry.reply)]
                requested = call.params.get("refund_id_array", "").split(",")
                self._last |= {(_GET, number): place for number in (*in_reply, *requested)}

    def seen_since(self, place: int, method: str, dispute_id: str) -> bool:
        """Return whether the client has read what `method` writes after this place."""
        if method == _ADD_MESSAGE:
            return self._last.get((_GET_MESSAGES, dispute_id), -1) > place
        return max(self._last_of_all, self._last.get((_GET, dispute_id), -1)) > place


def _list_fields(call: JournalCall) -> Iterable[str]:
    """Return the names in `fields`; a call without them shows all."""
    return [name.strip() for name in call.params.get("fields", "status").split(",")]


def _record_attempt(write: _Write, place: int, call: JournalCall, looks: _Looks) -> None:
    """Record one more attempt at the write, as a repetition if an earlier one may have succeeded.

    A move that succeeds again is a new round of the exchange, no repetition; a message that
    succeeds again is said twice.
    """
    entry = call.entry
    earlier = write.unanswered
    if earlier is None and (entry.outcome == "ok") == (entry.method == _ADD_MESSAGE):
        earlier = write.succeeded
    if earlier is not None and looks.seen_since(write.latest, entry.method, entry.dispute_id):
        write.informed.add(entry.number)
    elif earlier is not None:
        write.blind.append((earlier, call))
    _remember_attempt(write, place, call)


def _record_shipment(write: _Write, place: int, call: JournalCall, looks: _Looks) -> None:
    """Record one more shipment of the exchange.

    After a success another waybill is a second parcel, whatever the client has read.
    """
    entry = call.entry
    earlier = write.succeeded
    if earlier is None and not looks.seen_since(write.latest, entry.method, entry.dispute_id):
        earlier = write.unanswered
    if earlier is not None and _waybill(call) != _waybill(earlier):
        write.blind.append((earlier, call))
    _remember_attempt(write, place, call)


def _remember_attempt(write: _Write, place: int, call: JournalCall) -> None:
    ok = call.entry.outcome == "ok"
    write.unanswered = call if call.unanswered else None
    if ok or call.unanswered:
        write.latest = place
    if ok and (write.succeeded is None or call.entry.method != _ADD_MESSAGE):
        write.succeeded = call


def _report_repetition(calls: tuple[JournalCall, ...]) -> ReviewFinding:
    first, *repetitions = calls
    method = first.entry.method
    dispute_id = first.entry.dispute_id
    state_zh, state_en = _describe_first(first)
    times = len(repetitions)
    listed = ", ".join(call.entry.request_id for call in repetitions[:_MAX_LISTED_REPETITIONS])
    if method == _ADD_MESSAGE and all(call.entry.outcome == "ok" for call in calls):
        return make_review_finding(
            "double_message",
            calls,
            f"换货单 {dispute_id}：留言{state_zh}，同样的内容又发了 {times} 次({listed})，"
            "中间没有查询留言",
            f"exchange {dispute_id}: a message {state_en} and the same content came again,"
            f" ×{times} ({listed}), without reading the messages",
        )
    return make_review_finding(
        "unsafe_repeat",
        calls,
        f"换货单 {dispute_id}：{method} {state_zh}，没有先查询就又发了 {times} 次({listed})",
        f"exchange {dispute_id}: {method} {state_en} and came again, ×{times} ({listed}),"
        " without a look",
    )


def _report_second_shipment(calls: tuple[JournalCall, ...]) -> ReviewFinding:
    first, *later = calls
    dispute_id = first.entry.dispute_id
    waybill = shorten_text(_waybill(first))
    state_zh, state_en = _describe_first(first)
    waybills = [shorten_text(_waybill(call)) or "-" for call in later[:_MAX_LISTED_WAYBILLS]]
    others = ", ".join(dict.fromkeys(waybills))
    request_id = later[0].entry.request_id
    return make_review_finding(
        "double_shipment",
        calls,
        f"换货单 {dispute_id}：用运单号 {waybill} 发货{state_zh}，又用 {others} 发货({request_id})",
        f"exchange {dispute_id}: a shipment with waybill {waybill} {state_en},"
        f" then came one with {others} ({request_id})",
    )


def _describe_first(call: JournalCall) -> tuple[str, str]:
    """Return how the first attempt ended (zh, en): succeeded, succeeded unanswered, unanswered."""
    number = call.entry.request_id
    if not call.unanswered:
        return f"已成功({number})", f"had succeeded ({number})"
    if call.entry.outcome == "ok":
        return f"已执行而应答丢失({number})", f"was carried out, its reply lost ({number})"
    return f"没有收到应答({number})", f"had no reply ({number})"


def _waybill(call: JournalCall) -> str:
    return call.params.get("logistics_no", "").strip().upper()
