"""The idempotency audit: which writes a client repeated, and whether it looked before it did.

A write whose reply was lost may have been carried out.  To repeat it is safe after reading the exchange (of a message: the
messages); without, the client relies on luck.  Pure: reads entries of the journal, oldest first, and changes nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from .review_findings import Finding, JournalCall, make_finding, shorten, worst_first

__all__ = ["Audit", "audit"]

ADD, MESSAGES = "tmall.exchange.message.add", "tmall.exchange.messages.get"
GET, LIST = "tmall.exchange.get", "tmall.exchange.receive.get"
_SHIPS = ("tmall.exchange.consigngoods", "tmall.exchange.confirm.consign")
_TELLING = frozenset(
    {"status", "modified", "seller_logistic_no"}
)  # fields that show whether a write was carried out
_ID = re.compile(rb'dispute_id\\?":\\?"?(\d+)')
_MORE = re.compile(rb'^\{"bytes":')


class Audit(Struct, frozen=True):
    """How many writes there were, how many were repeated after one had succeeded, how many of those unsafely; and each of them."""

    writes: int
    repeats: int
    unsafe: int
    findings: tuple[Finding, ...]


class _Write(Struct):
    """One write as the client repeats it: its success, and the attempt of which it has not heard how it ended.

    `latest` is the place of the last attempt that may have been carried out.  Later ones came `informed`, after a look, or
    `blind`, each with the one that it repeats.
    """

    done: JournalCall | None = None
    unheard: JournalCall | None = None
    latest: int = -1
    informed: set[int] = set()
    blind: list[tuple[JournalCall, JournalCall]] = []


def audit(calls: Sequence[JournalCall]) -> Audit:
    """The audit of these calls, oldest first."""
    looks, writes, shipments, count = (
        _Looks(),
        dict[tuple[str, ...], _Write](),
        dict[str, _Write](),
        0,
    )
    for place, call in enumerate(calls):
        looks.note(place, call)
        key = _key(call)
        if key:
            count += 1
            _attempt(writes.setdefault(key, _Write()), place, call, looks)
        if key and call.entry.method in _SHIPS:
            _ship(shipments.setdefault(call.entry.dispute_id, _Write()), place, call, looks)
    found = [*map(_repeated, _blind(writes)), *map(_shipped_twice, _blind(shipments))]
    unsafe = {entry.number for each in found for entry in each.entries[1:]}
    repeats = unsafe.union(*(write.informed for write in writes.values()))
    return Audit(count, len(repeats), len(unsafe), worst_first(found))


def _blind(writes: Mapping[Any, _Write]) -> Iterator[tuple[JournalCall, ...]]:
    """Of each write that was repeated blindly, the first attempt and its repetitions."""
    return (
        (write.blind[0][0], *(again for _, again in write.blind))
        for write in writes.values()
        if write.blind
    )


def _key(call: JournalCall) -> tuple[str, ...]:
    """What makes two calls the same write: method and exchange, a message's content, a shipment's waybill; empty for other calls."""
    method, entry = call.method, call.entry
    if method is None or method.move is None or not entry.dispute_id:
        return ()
    return (
        entry.method,
        entry.dispute_id,
        _waybill(call) if entry.method in _SHIPS else str(entry.mark),
    )


class _Looks:
    """When a client last saw how an exchange, or its messages, stand: places in the list of calls."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], int] = {}
        self._all = -1

    def note(self, place: int, call: JournalCall) -> None:
        """The call is seen; it may be a look, if its reply has arrived."""
        entry = call.entry
        if entry.outcome != "ok" or call.unheard or entry.method not in (GET, LIST, MESSAGES):
            return
        if entry.method == MESSAGES:
            self._last[MESSAGES, entry.dispute_id] = place
        elif not _TELLING.isdisjoint(_fields(call)):
            if entry.method == GET:
                self._last[GET, entry.dispute_id] = place
            elif _MORE.match(entry.reply):
                self._all = place  # too long to have been kept: it may have shown any exchange
            else:
                shown = [number.decode() for number in _ID.findall(entry.reply)]
                self._last.update(
                    ((GET, number), place)
                    for number in (*shown, *call.params.get("refund_id_array", "").split(","))
                )

    def since(self, place: int, method: str, dispute_id: str) -> bool:
        """Whether the client has looked at what `method` writes after this place."""
        if method == ADD:
            return self._last.get((MESSAGES, dispute_id), -1) > place
        return max(self._all, self._last.get((GET, dispute_id), -1)) > place


def _fields(call: JournalCall) -> Iterable[str]:
    """The names asked for; all where the call says none."""
    return [name.strip() for name in call.params.get("fields", "status").split(",")]


def _attempt(write: _Write, place: int, call: JournalCall, looks: _Looks) -> None:
    """The call is one more attempt at the write.

    A move that succeeds again is a new round of the flow, not a repetition; a message that succeeds again is said twice.
    """
    entry, before = call.entry, write.unheard
    if (
        before is None
        and write.done is not None
        and (entry.outcome == "ok") == (entry.method == ADD)
    ):
        before = write.done
    if before is not None and looks.since(write.latest, entry.method, entry.dispute_id):
        write.informed.add(entry.number)
    elif before is not None:
        write.blind.append((before, call))
    _remember(write, place, call)


def _ship(write: _Write, place: int, call: JournalCall, looks: _Looks) -> None:
    """The call is one more shipment; after a success another waybill is a second parcel, whatever the client has seen."""
    entry, before = call.entry, write.done
    if (
        before is None
        and write.unheard is not None
        and not looks.since(write.latest, entry.method, entry.dispute_id)
    ):
        before = write.unheard
    if before is not None and _waybill(call) != _waybill(before):
        write.blind.append((before, call))
    _remember(write, place, call)


def _remember(write: _Write, place: int, call: JournalCall) -> None:
    write.unheard = call if call.unheard else None
    if call.entry.outcome == "ok" or call.unheard:
        write.latest = place
    if call.entry.outcome == "ok" and (write.done is None or call.entry.method != ADD):
        write.done = call


def _repeated(calls: tuple[JournalCall, ...]) -> Finding:
    entry, again, times = (
        calls[0].entry,
        ", ".join(call.entry.request_id for call in calls[1:4]),
        len(calls) - 1,
    )
    method, dispute_id, (state_zh, state_en) = entry.method, entry.dispute_id, _state(calls[0])
    if method == ADD and all(call.entry.outcome == "ok" for call in calls):
        return make_finding(
            "double_message",
            calls,
            f"换货单 {dispute_id}：留言{state_zh}，同样的内容又发了 {times} 次({again})，中间没有查询留言",
            f"exchange {dispute_id}: a message {state_en} and the same content came again, ×{times} ({again}), without reading the messages",
        )
    return make_finding(
        "unsafe_repeat",
        calls,
        f"换货单 {dispute_id}：{method} {state_zh}，没有先查询就又发了 {times} 次({again})",
        f"exchange {dispute_id}: {method} {state_en} and came again, ×{times} ({again}), without a look",
    )


def _shipped_twice(calls: tuple[JournalCall, ...]) -> Finding:
    first, again, (state_zh, state_en) = calls[0], calls[1:], _state(calls[0])
    later = ", ".join(dict.fromkeys(shorten(_waybill(call)) or "-" for call in again[:5]))
    dispute_id, waybill, at = (
        first.entry.dispute_id,
        shorten(_waybill(first)),
        again[0].entry.request_id,
    )
    return make_finding(
        "double_shipment",
        calls,
        f"换货单 {dispute_id}：用运单号 {waybill} 发货{state_zh}，又用 {later} 发货({at})",
        f"exchange {dispute_id}: a shipment with waybill {waybill} {state_en}, then came one with {later} ({at})",
    )


def _state(call: JournalCall) -> tuple[str, str]:
    """How a write stood for a client that does not look: done, done unheard of, or unheard of altogether."""
    ok, number = call.entry.outcome == "ok", call.entry.request_id
    if not call.unheard:
        return f"已成功({number})", f"had succeeded ({number})"
    return (
        (f"已执行而应答丢失({number})", f"was carried out, its reply lost ({number})")
        if ok
        else (f"没有收到应答({number})", f"had no reply ({number})")
    )


def _waybill(call: JournalCall) -> str:
    return call.params.get("logistics_no", "").strip().upper()
