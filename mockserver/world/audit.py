"""The idempotency audit: which writes a client repeated, and whether it looked before it did.

A write whose reply was lost may have been carried out.  To repeat it is safe after reading the exchange (of a message: the
messages); without, the client relies on luck.  Pure: reads entries of the journal, oldest first, and changes nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from .findings import Finding, Seen, finding, quoted, worst_first

__all__ = ["Audit", "audit"]

ADD, MESSAGES = "tmall.exchange.message.add", "tmall.exchange.messages.get"
GET, LIST = "tmall.exchange.get", "tmall.exchange.receive.get"
_SHIPS = ("tmall.exchange.consigngoods", "tmall.exchange.confirm.consign")
_TELLING = frozenset({"status", "modified", "seller_logistic_no"})  # fields that show whether a write was carried out
_ID = re.compile(rb'dispute_id\\?":\\?"?(\d+)')
_MORE = re.compile(rb'^\{"bytes":')


class Audit(Struct, frozen=True):
    """How many writes there were, how many were repeated after one had succeeded, how many of those unsafely; and each of them."""

    writes: int
    repeats: int
    unsafe: int
    findings: tuple[Finding, ...]


class _Write(Struct):
    """One write as the client repeats it: its success, the place of the latest, and the attempts after it with and without a look."""

    done: Seen | None = None
    latest: int = -1
    informed: set[int] = set()
    blind: list[Seen] = []


def audit(calls: Sequence[Seen]) -> Audit:
    """The audit of these calls, oldest first."""
    looks, writes, count = _Looks(), dict[tuple[str, ...], _Write](), 0
    for place, call in enumerate(calls):
        looks.note(place, call)
        key = _key(call)
        if key:
            count += 1
            _attempt(writes.setdefault(key, _Write()), place, call, looks)
    found = [*_repeated(writes), *_shipped_twice(calls)]
    unsafe = {entry.number for each in found for entry in each.entries[1:]}
    repeats = unsafe.union(*(write.informed for write in writes.values()))
    return Audit(count, len(repeats), len(unsafe), worst_first(found))


def _key(call: Seen) -> tuple[str, ...]:
    """What makes two calls the same write: method and exchange, a message's content, a shipment's waybill; empty for other calls."""
    method, entry = call.method, call.entry
    if method is None or method.move is None or not entry.dispute_id:
        return ()
    return entry.method, entry.dispute_id, _waybill(call) if entry.method in _SHIPS else str(entry.mark)


class _Looks:
    """When a client last saw how an exchange, or its messages, stand: places in the list of calls."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], int] = {}
        self._all = -1

    def note(self, place: int, call: Seen) -> None:
        """The call is seen; it may be a look, if its reply has arrived."""
        entry = call.entry
        if entry.outcome != "ok" or entry.lost or entry.method not in (GET, LIST, MESSAGES):
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
                self._last.update(((GET, number), place) for number in (*shown, *call.params.get("refund_id_array", "").split(",")))

    def since(self, place: int, method: str, dispute_id: str) -> bool:
        """Whether the client has looked at what `method` writes after this place."""
        if method == ADD:
            return self._last.get((MESSAGES, dispute_id), -1) > place
        return max(self._all, self._last.get((GET, dispute_id), -1)) > place


def _fields(call: Seen) -> Iterable[str]:
    """The names asked for; all where the call says none."""
    return [name.strip() for name in call.params.get("fields", "status").split(",")]


def _attempt(write: _Write, place: int, call: Seen, looks: _Looks) -> None:
    """The call is one more attempt at the write.

    A move that succeeds again is a new round of the flow, not a repetition; a message that succeeds again is said twice.
    """
    entry = call.entry
    again = write.done is not None and (entry.outcome == "ok") == (entry.method == ADD)
    if again and looks.since(write.latest, entry.method, entry.dispute_id):
        write.informed.add(entry.number)
    elif again:
        write.blind.append(call)
    if entry.outcome == "ok":
        write.latest = place
        if write.done is None or entry.method != ADD:
            write.done = call


def _repeated(writes: Mapping[tuple[str, ...], _Write]) -> Iterator[Finding]:
    for (method, dispute_id, *_), write in writes.items():
        if not write.blind or write.done is None:
            continue
        first, again = write.done.entry.request_id, ", ".join(call.entry.request_id for call in write.blind[:3])
        calls, times = (write.done, *write.blind), len(write.blind)
        if method == ADD:
            yield finding(
                "double_message", calls, f"换货单 {dispute_id}：留言 {first} 之后，同样的内容又发了 {times} 次({again})，中间没有查询留言",
                f"exchange {dispute_id}: after message {first} the same content came again, ×{times} ({again}), without reading the messages",
            )
        else:
            yield finding(
                "unsafe_repeat", calls, f"换货单 {dispute_id}：{method} 已成功({first})，没有先读取换货单就又发了 {times} 次({again})",
                f"exchange {dispute_id}: {method} had succeeded ({first}) and came again, ×{times} ({again}), without reading the exchange",
            )


def _shipped_twice(calls: Iterable[Seen]) -> Iterator[Finding]:
    """Of each exchange that was shipped, the shipments with other waybills that came later."""
    shipped: dict[str, Seen] = {}
    others: dict[str, list[Seen]] = {}
    for call in calls:
        entry = call.entry
        if entry.method not in _SHIPS or not entry.dispute_id:
            continue
        first = shipped.get(entry.dispute_id)
        if first is None and entry.outcome == "ok":
            shipped[entry.dispute_id] = call
        elif first is not None and _waybill(call) != _waybill(first):
            others.setdefault(entry.dispute_id, []).append(call)
    for dispute_id, again in others.items():
        first = shipped[dispute_id]
        later = ", ".join(dict.fromkeys(quoted(_waybill(call)) or "-" for call in again[:5]))
        yield finding(
            "double_shipment", (first, *again),
            f"换货单 {dispute_id}：已用运单号 {quoted(_waybill(first))} 发货({first.entry.request_id})，又用 {later} 发货({again[0].entry.request_id})",
            f"exchange {dispute_id}: shipped with waybill {quoted(_waybill(first))} ({first.entry.request_id}), then again with {later} ({again[0].entry.request_id})",
        )


def _waybill(call: Seen) -> str:
    return call.params.get("logistics_no", "").strip().upper()
