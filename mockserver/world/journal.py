"""The journal: the latest calls of one sandbox, and why each was answered as it was.

What is kept.  Of every call: who called what and when, the parameters, the reply, the rule that the
move followed, the cause of a refusal with the doctor's findings, warnings, and what a planned fault
did to it. That is enough to explain the call, to export it, and to write it as a scenario, without
the client's logs.

Masked when it is recorded.  masking.py takes secrets, sessions and personal data out of parameters,
reply and sentences before an `Entry` is made.  They are never in the journal, so no reader (the
console, the control API, an export, a crash report) has to mask anything, and none can forget to.
Whether two messages have the same content, which is masked, is still visible in `mark`, a digest of
it.

Why bytes.  `params`, `reply`, `files`, `warnings` and `doctor` are JSON that has been encoded once.
A busy sandbox keeps ten thousand entries; as trees of dicts they would be a million objects, and
each full pass of the garbage collector would walk them and delay a reply.  An entry of strings,
numbers and bytes refers to no container, so `gc=False` is safe.  Readers pay for decoding, and they
read few entries.

Late diagnosis.  Why a sign is wrong takes up to a tenth of a second to find.  The caller does not
wait for it: such an entry carries a `LateDiagnosis`, which is made when somebody reads the entry
first, and kept.  It refers to no sandbox: a cycle through an entry would never be collected.

Bounds.  At most `capacity` entries and MAX_JOURNAL_BYTES; the oldest go first.  One entry is
bounded too: masking.py clips a long value to its length, its beginning and its end (`is_clipped`).

Positions.  Entries are counted from 1 in the order in which they were recorded, and no position is
given twice, not even after `clear`.  So who reads on from a position repeats nothing, and learns
from `missed` how many entries were gone before they were read.

Before the reply.  An entry is added before its reply leaves: a client that has its reply finds the
call in the journal.  Readers may wait for new entries; `close` wakes all of them when the server
stops.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice
from math import inf
from threading import Condition, Lock
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..protocol.shapes import BEIJING, format_time, parse_time
from .late_diagnosis import LateDiagnosis
from .real_clock import monotonic_seconds
from .secret_index import MASK

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
MAX_JOURNAL_BYTES = 64 * 1024 * 1024
_LOOK_SECONDS = 0.1  # after which a waiting reader looks for entries of other processes
_FIXED_BYTES = 800  # of an entry without its JSON
Outcome = str  # "ok", "failed" (business failure) or "refused" (platform error)


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """One call.

    `number` counts the calls of the whole server; `at` (the sandbox's time) and `real` are seconds
    since 1970, `micros` the microseconds that the call took.  `params` and `reply` are masked JSON.
    The first `in_query` of `params` came in the query, in this order, the others in a body of
    `body_size` bytes. `files` is JSON, name and bytes of each; `mark` is equal for messages with
    the same content. `cause_zh` and `cause_en` explain a refusal, a failure or a planned fault;
    `doctor` is JSON, all findings about it; `warnings` is JSON, a list of sentences.  With `late`
    these four are only what is known without a search; see `with_diagnosis`. `fault` is the
    kind of the planned fault that disturbed the call, `effect` what it did; `lost` is True if the
    caller did not get `reply`.
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
    late: LateDiagnosis | None = None

    def with_diagnosis(self) -> "Entry":
        """Return the entry with its late diagnosis, if it has one, which is made now."""
        if self.late is None:
            return self
        explanation = self.late.read()
        return replace(
            self,
            cause_zh=explanation.cause_zh,
            cause_en=explanation.cause_en,
            warnings=explanation.warnings,
            doctor=explanation.doctor,
            late=None,
        )

    @property
    def redelivered(self) -> bool:
        """Whether a planned fault delivered the call again: the client sent it once and got this
        reply."""
        return self.fault == "duplicate_delivery" and not self.lost

    @property
    def size(self) -> int:
        """About how many bytes the entry takes."""
        return (
            _FIXED_BYTES
            + len(self.params)
            + len(self.reply)
            + len(self.warnings)
            + len(self.files)
            + len(self.doctor)
            + (self.late.size if self.late is not None else 0)
        )

    def serialize(self, *, search: bool = True) -> dict[str, Any]:
        """Return the entry as the control API gives it, with its late diagnosis.

        Without `search`, one that was not made yet is left out; the finding `unexamined` says so.
        """
        if self.late is not None and (search or self.late.is_made):
            return self.with_diagnosis().serialize()
        fault = {"id": self.fault_id, "name": self.fault, "effect": self.effect, "lost": self.lost}
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
            "fault": fault if self.fault else None,
        }


def is_clipped(document: Mapping[str, Any]) -> bool:
    """Return True if this stands for a value that was too long: its length, beginning and end."""
    return document.keys() == {"bytes", "begins", "ends"}


def format_seconds(seconds: float) -> str:
    """Return an entry's instant (seconds since 1970) as `yyyy-MM-dd HH:mm:ss` in Beijing time."""
    return format_time(datetime.fromtimestamp(seconds, BEIJING))


class Page(Struct, frozen=True):
    """Some of the `total` entries that match; later ones come after the position `next`.

    `missed` entries after the requested position were gone before they were read.
    """

    total: int
    entries: list[Entry]
    next: int
    missed: int = 0


class Journal:
    """The latest entries of one sandbox; every method may be called from any thread."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._entries: deque[Entry] = deque()
        self._capacity = capacity
        self._bytes = 0
        self._last = 0  # position of the newest entry
        self._replaced = 0  # position of the newest entry of a state that has been replaced
        self._waiting = 0
        self._closed = False
        self._lock = Lock()
        self._grown = Condition(self._lock)
        self.look: Callable[[], object] | None = None  # reads what other processes recorded

    def add(self, entry: Entry) -> None:
        """Append an entry, and drop the oldest ones beyond the bounds; call it before the reply
        leaves."""
        with self._lock:
            self._entries.append(entry)
            self._last += 1
            self._bytes += entry.size
            while len(self._entries) > self._capacity or self._bytes > MAX_JOURNAL_BYTES:
                self._bytes -= self._entries.popleft().size
            if self._waiting:
                self._grown.notify_all()

    def clear(self) -> None:
        """Delete all entries; positions go on."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0
            self._replaced = self._last

    def newest(self, after: int) -> tuple[int, list[Entry]]:
        """Return the position of the newest entry, and the entries after a position, oldest
        first."""
        with self._lock:
            size = min(max(0, self._last - after), len(self._entries))
            start = len(self._entries) - size
            return self._last, list(islice(self._entries, start, None))

    def empty(self) -> None:
        """Forget everything, to be loaded anew."""
        with self._lock:
            self._entries.clear()
            self._bytes = self._last = self._replaced = 0

    def load(self, position: tuple[int, int, int], entries: Iterable[Entry]) -> None:
        """Append `entries`, which another process recorded, and go on from its `position`."""
        with self._lock:
            self._entries.extend(entries)
            self._last, count, self._replaced = position
            while len(self._entries) > count:
                self._entries.popleft()
            self._bytes = sum(entry.size for entry in self._entries)
            self._grown.notify_all()

    def mark_replaced(self) -> None:
        """Note that all entries so far belong to a state that has been replaced; see `recent`."""
        with self._lock:
            self._replaced = self._last

    @property
    def position(self) -> tuple[int, int, int]:
        """The newest entry's position, how many entries are kept, and where the state was last
        replaced: equal if and only if the journal is."""
        with self._lock:
            return self._last, len(self._entries), self._replaced

    @property
    def kept_bytes(self) -> int:
        """About how many bytes the entries take."""
        return self._bytes

    def close(self) -> None:
        """End all waiting, now and later: the sandbox or its server goes away."""
        with self._lock:
            self._closed = True
            self._grown.notify_all()

    def find(self, request_id: str) -> Entry | None:
        """Return the entry of one call, None if it is not in the journal any more."""
        _, entries = self._read()
        return next((entry for entry in reversed(entries) if entry.request_id == request_id), None)

    def select(self, filters: Mapping[str, str], limit: int) -> tuple[int, list[Entry]]:
        """Return how many entries match, and the newest `limit` of them; see `page`."""
        page = self.page(filters, limit)
        return page.total, page.entries

    def page(self, filters: Mapping[str, str], limit: int) -> Page:
        """Return the newest `limit` entries that match, newest first; `next` is the last position.

        `filters` compares `method`, `dispute_id`, `outcome`, `code`, `msg_code`, `caller` and
        `fault` as text; `since` is the earliest sandbox time, `yyyy-MM-dd HH:mm:ss`.
        """
        last, entries = self._read()
        matching = list(filter(_matches(filters), reversed(entries)))
        return Page(len(matching), matching[:limit], last)

    def read_after(
        self, after: int, filters: Mapping[str, str], limit: int, patience: float = 0.0
    ) -> Page:
        """Return the first `limit` entries after a position that match, oldest first.

        Wait up to `patience` seconds for one.  A position that this journal has not reached is
        another journal's: then the journal is read from its beginning.
        """
        until = monotonic_seconds() + patience
        missed = 0
        while True:
            page = self._after(after, filters, limit)
            after = page.next
            missed += page.missed
            left = until - monotonic_seconds()
            if page.total or left <= 0 or not self._grows(after, left):
                return replace(page, missed=missed)

    def recent(self) -> tuple[int, list[Entry]]:
        """Return how many entries since the state was last replaced are gone, and the others.

        The others are oldest first.
        """
        with self._lock:
            entries = list(self._entries)
            replaced = self._replaced
            first = self._last - len(entries)
        return max(0, first - replaced), entries[max(0, replaced - first) :]

    def _after(self, after: int, filters: Mapping[str, str], limit: int) -> Page:
        last, entries = self._read()
        first = last - len(entries)
        if after > last:
            after = 0
        fresh = islice(enumerate(entries, first + 1), max(0, after - first), None)
        matches = _matches(filters)
        matching = [(position, entry) for position, entry in fresh if matches(entry)]
        rows = matching[:limit]
        reached = max(after, first)
        if len(rows) == len(matching):
            reached = last
        elif rows:
            reached, _ = rows[-1]
        return Page(len(matching), [entry for _, entry in rows], reached, max(0, first - after))

    def _grows(self, position: int, seconds: float) -> bool:
        """Return True if something was recorded after `position`, or is within `seconds`."""
        until = monotonic_seconds() + seconds
        while self.look is not None and not self._closed and self._last <= position:
            self.look()
            left = until - monotonic_seconds()
            if left <= 0 or self._waits(position, min(left, _LOOK_SECONDS)):
                break
        return self._waits(position, max(0.0, until - monotonic_seconds()))

    def _waits(self, position: int, seconds: float) -> bool:
        """Return True if something is recorded after `position` within `seconds`."""
        with self._lock:
            self._waiting += 1
            try:
                self._grown.wait_for(lambda: self._closed or self._last > position, seconds)
                return not self._closed and self._last > position
            finally:
                self._waiting -= 1

    def _read(self) -> tuple[int, list[Entry]]:
        """Return the position of the newest entry, and all entries, oldest first."""
        with self._lock:
            return self._last, list(self._entries)


def _matches(filters: Mapping[str, str]) -> Callable[[Entry], bool]:
    """Return the function that decides whether an entry passes the filters."""
    start = parse_time(filters.get("since", ""))
    since = start.timestamp() if start else -inf
    plain = [(name, value) for name, value in filters.items() if name != "since"]
    return lambda entry: (
        entry.at >= since and all(str(getattr(entry, name)) == value for name, value in plain)
    )
