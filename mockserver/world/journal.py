"""The journal: every call, and why it was answered so.

Entries are masked at capture and kept as bytes: secrets, sessions and personal data are not in them,
and the garbage collector has nothing to walk.  Bounded in number and bytes; the oldest entries go first.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from math import inf
from threading import Lock
from typing import Any

import msgspec
from msgspec import Struct

from ..protocol.shapes import BEIJING, read_time, show_time

__all__ = ["CAPACITY", "Entry", "Journal", "Outcome"]

CAPACITY = 10_000
BYTES_AT_MOST = 64 * 1024 * 1024
MASK = "***"
Outcome = str  # "ok", "failed" (business failure) or "refused" (platform error)


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """One call: `params` and `reply` are masked JSON; `at` (the sandbox's) and `real` are seconds since 1970;
    `number` counts the calls of the whole server.

    `cause_zh`/`cause_en` explain a refusal or failure; `warnings` is JSON text, one sentence an item.
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
    warnings: bytes = b"[]"
    cause_zh: str = ""
    cause_en: str = ""

    @property
    def size(self) -> int:
        """Bytes that the entry takes, nearly."""
        return 600 + len(self.params) + len(self.reply) + len(self.warnings)

    def shown(self) -> dict[str, Any]:
        """The entry as the control API gives it."""
        return {
            "request_id": self.request_id, "sandbox": self.sandbox, "at": _text(self.at), "real_time": _text(self.real),
            "verb": self.verb, "method": self.method, "caller": self.caller, "dispute_id": self.dispute_id,
            "outcome": self.outcome, "code": self.code, "sub_code": self.sub_code, "msg_code": self.msg_code,
            "rule": self.rule, "micros": self.micros,
            "params": msgspec.json.decode(self.params), "reply": msgspec.json.decode(self.reply),
            "warnings": msgspec.json.decode(self.warnings),
            "diagnosis": {"zh": self.cause_zh, "en": self.cause_en},
        }


def _text(seconds: float) -> str:
    return show_time(datetime.fromtimestamp(seconds, BEIJING))


class Journal:
    """The latest entries of one sandbox, oldest first inside, newest first for readers."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._entries: deque[Entry] = deque()
        self._capacity, self._bytes = capacity, 0
        self._lock = Lock()

    def add(self, entry: Entry) -> None:
        """The entry is kept, older ones give way; called before its reply leaves."""
        with self._lock:
            self._entries.append(entry)
            self._bytes += entry.size
            while len(self._entries) > self._capacity or self._bytes > BYTES_AT_MOST:
                self._bytes -= self._entries.popleft().size

    def clear(self) -> None:
        """Nothing is left."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    def find(self, request_id: str) -> Entry | None:
        """The entry of one call, if it is still kept."""
        return next((entry for entry in self._newest() if entry.request_id == request_id), None)

    def select(self, wanted: Mapping[str, str], limit: int) -> tuple[int, list[Entry]]:
        """How many entries match, and the newest `limit` of them.

        `wanted` compares `method`, `dispute_id`, `outcome`, `code`, `msg_code`, `caller`; `since` is
        the earliest sandbox time.
        """
        start = read_time(wanted.get("since", ""))
        since = start.timestamp() if start else -inf
        plain = [(name, value) for name, value in wanted.items() if name != "since"]
        found = [
            entry for entry in self._newest()
            if entry.at >= since and all(str(getattr(entry, name)) == value for name, value in plain)
        ]
        return len(found), list(islice(found, limit))

    def _newest(self) -> Iterator[Entry]:
        with self._lock:
            return iter(list(self._entries)[::-1])
