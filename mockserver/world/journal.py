"""The journal: every call, and why it was answered so.

Entries are masked at capture and kept as bytes: secrets, sessions and personal data are not in them,
and the garbage collector has nothing to walk.  Bounded in number and bytes; the oldest entries go first.
"""

from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import islice
from math import inf
from threading import Condition, Lock
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..protocol.shapes import BEIJING, read_time, show_time
from .real_clock import monotonic_seconds

__all__ = [
    "CAPACITY",
    "MASK",
    "Entry",
    "Journal",
    "Outcome",
    "Page",
    "format_seconds",
    "is_clipped",
]

CAPACITY = 10_000
BYTES_AT_MOST = 64 * 1024 * 1024
MASK = "***"
Outcome = str  # "ok", "failed" (business failure) or "refused" (platform error)


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """One call: `params` and `reply` are masked JSON; `at` (the sandbox's) and `real` are seconds since 1970;
    `number` counts the calls of the whole server.

    Of `params` the first `in_query` came in the query, in this order, the others in a body of `body_size` bytes.
    `files` is JSON, name and bytes of each; `mark` is equal for messages with the same content, which is masked.
    `cause_zh`/`cause_en` explain a refusal, a failure or a planned fault, `doctor` (JSON) has all that was found about
    it; `warnings` is JSON text, one sentence an item.
    `fault` is the kind of the planned fault that struck, `effect` what it did; `lost` that the caller did not get `reply`.
    """

    number: int
    request_id: str
    sandbox: str
    at: float
    real: float
    verb: str
    method: str
    caller: str
    dispute_id: str
    outcome: Outcome
    code: int
    sub_code: str
    msg_code: str
    rule: str
    micros: int
    params: bytes
    reply: bytes
    base_url: str = ""
    content_type: str = ""
    in_query: int = 0
    body_size: int = 0
    files: bytes = b"[]"
    mark: int = 0
    warnings: bytes = b"[]"
    cause_zh: str = ""
    cause_en: str = ""
    doctor: bytes = b"[]"
    fault: str = ""
    fault_id: str = ""
    effect: str = ""
    lost: bool = False

    @property
    def redelivered(self) -> bool:
        """Whether a planned fault delivered the call again: its client sent it once, and knows this reply."""
        return self.fault == "duplicate_delivery" and not self.lost

    @property
    def size(self) -> int:
        """Bytes that the entry takes, nearly."""
        return (
            800
            + len(self.params)
            + len(self.reply)
            + len(self.warnings)
            + len(self.files)
            + len(self.doctor)
        )

    def serialize(self) -> dict[str, Any]:
        """The entry as the control API gives it."""
        return {
            "number": self.number,
            "request_id": self.request_id,
            "sandbox": self.sandbox,
            "at": format_seconds(self.at),
            "real_time": format_seconds(self.real),
            "verb": self.verb,
            "method": self.method,
            "caller": self.caller,
            "dispute_id": self.dispute_id,
            "outcome": self.outcome,
            "code": self.code,
            "sub_code": self.sub_code,
            "msg_code": self.msg_code,
            "rule": self.rule,
            "micros": self.micros,
            "params": msgspec.json.decode(self.params),
            "files": msgspec.json.decode(self.files),
            "reply": msgspec.json.decode(self.reply),
            "warnings": msgspec.json.decode(self.warnings),
            "diagnosis": {
                "zh": self.cause_zh,
                "en": self.cause_en,
                "findings": msgspec.json.decode(self.doctor),
            },
            "fault": {
                "id": self.fault_id,
                "name": self.fault,
                "effect": self.effect,
                "lost": self.lost,
            }
            if self.fault
            else None,
        }


def is_clipped(kept: Mapping[str, Any]) -> bool:
    """Whether what was too long to keep stands here as its length, how it begins and how it ends."""
    return kept.keys() == {"bytes", "begins", "ends"}


def format_seconds(seconds: float) -> str:
    """An entry's instant as text."""
    return show_time(datetime.fromtimestamp(seconds, BEIJING))


class Page(Struct, frozen=True):
    """Some of the entries that match, of `total`; later ones come after the position `next`.

    `missed` entries after the position asked for were gone before they were read.
    """

    total: int
    entries: list[Entry]
    next: int
    missed: int = 0


class Journal:
    """The latest entries of one sandbox, oldest first inside, newest first for readers.

    Entries have positions, counted from 1 in the order in which they were recorded and never counted again: who
    reads on from a position loses and repeats nothing, whatever is cleared or gives way meanwhile.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._entries: deque[Entry] = deque()
        self._capacity, self._bytes = capacity, 0
        self._last = self._turned = 0
        self._waiting, self._closed = 0, False
        self._lock = Lock()
        self._grown = Condition(self._lock)

    def add(self, entry: Entry) -> None:
        """The entry is kept, older ones give way; called before its reply leaves."""
        with self._lock:
            self._entries.append(entry)
            self._last += 1
            self._bytes += entry.size
            while len(self._entries) > self._capacity or self._bytes > BYTES_AT_MOST:
                self._bytes -= self._entries.popleft().size
            if self._waiting:
                self._grown.notify_all()

    def clear(self) -> None:
        """Nothing is left; positions go on."""
        with self._lock:
            self._entries.clear()
            self._bytes, self._turned = 0, self._last

    def mark_replaced(self) -> None:
        """What was recorded so far belongs to a state that has been replaced."""
        with self._lock:
            self._turned = self._last

    def close(self) -> None:
        """Nobody waits any more, now or later: the sandbox or its server goes away."""
        with self._lock:
            self._closed = True
            self._grown.notify_all()

    def find(self, request_id: str) -> Entry | None:
        """The entry of one call, if it is still kept."""
        return next(
            (entry for entry in self._kept()[1][::-1] if entry.request_id == request_id), None
        )

    def select(self, wanted: Mapping[str, str], limit: int) -> tuple[int, list[Entry]]:
        """How many entries match, and the newest `limit` of them; see `page`."""
        page = self.page(wanted, limit)
        return page.total, page.entries

    def page(self, wanted: Mapping[str, str], limit: int) -> Page:
        """The newest `limit` entries that match, newest first; `next` is after all that is recorded.

        `wanted` compares `method`, `dispute_id`, `outcome`, `code`, `msg_code`, `caller`, `fault`; `since` is
        the earliest sandbox time.
        """
        last, entries = self._kept()
        found = list(filter(_matches(wanted), reversed(entries)))
        return Page(len(found), found[:limit], last)

    def read_after(
        self, after: int, wanted: Mapping[str, str], limit: int, patience: float = 0.0
    ) -> Page:
        """The first `limit` entries after a position that match, oldest first; waits `patience` seconds for one.

        A position that this journal has not reached is another journal's: it is read from its beginning.
        """
        until, missed = monotonic_seconds() + patience, 0
        while True:
            page = self._after(after, wanted, limit)
            after, missed = page.next, missed + page.missed
            left = until - monotonic_seconds()
            if page.total or left <= 0 or not self._grows(after, left):
                return replace(page, missed=missed)

    def recent(self) -> tuple[int, list[Entry]]:
        """The entries since the state was last replaced, oldest first, and how many of them are not kept any more."""
        with self._lock:
            entries, turned = list(self._entries), self._turned
            first = self._last - len(entries)
        return max(0, first - turned), entries[max(0, turned - first) :]

    def _after(self, after: int, wanted: Mapping[str, str], limit: int) -> Page:
        last, entries = self._kept()
        first = last - len(entries)
        if after > last:
            after = 0
        fresh = islice(enumerate(entries, first + 1), max(0, after - first), None)
        matches = _matches(wanted)
        found = [(position, entry) for position, entry in fresh if matches(entry)]
        shown = found[:limit]
        reached = last if len(shown) == len(found) else shown[-1][0] if shown else max(after, first)
        return Page(len(found), [entry for _, entry in shown], reached, max(0, first - after))

    def _grows(self, position: int, seconds: float) -> bool:
        """Whether something was recorded after `position`, now or within `seconds`."""
        with self._lock:
            self._waiting += 1
            try:
                self._grown.wait_for(lambda: self._closed or self._last > position, seconds)
                return not self._closed and self._last > position
            finally:
                self._waiting -= 1

    def _kept(self) -> tuple[int, list[Entry]]:
        """The position of the newest entry, and all entries, oldest first."""
        with self._lock:
            return self._last, list(self._entries)


def _matches(wanted: Mapping[str, str]) -> Callable[[Entry], bool]:
    start = read_time(wanted.get("since", ""))
    since = start.timestamp() if start else -inf
    plain = [(name, value) for name, value in wanted.items() if name != "since"]
    return lambda entry: (
        entry.at >= since and all(str(getattr(entry, name)) == value for name, value in plain)
    )
