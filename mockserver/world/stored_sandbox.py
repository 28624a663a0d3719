"""The link between one sandbox in memory and its records in a store.

The model.  Each process that serves a sandbox holds all of it in memory and plays on that.  A unit
of work begins by locking the sandbox in the store (`begin`); where another process has worked on
it since, the records that it wrote are read first.  The unit ends by writing what it changed, the
journal entry of the call among it, and by committing (`end`).  So what a caller reads has been
stored, every process sees every unit whole, and a deadline fires in one process only: that which
comes first under the lock.

When a commit fails, memory is ahead of the store.  Then the caller gets the error, and the next
unit reads the whole sandbox anew.

Besides the state's own records (state_records.py) the collection `sandbox` has one record for
coverage, quota counters, the world document and the position of the journal; `journal` has one for
each entry; `snapshots` one for each snapshot, and that of the baseline.
"""

from collections.abc import Iterator
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from ..domain.table_index import TableIndex
from ..storage.port import Head, Record, Store, Transaction
from .coverage import Coverage, CoverageCounts
from .document import WorldDocument
from .journal import Entry, Journal
from .quotas import QuotaCounters, QuotaCounts
from .state import State
from .state_records import StateChanges, apply_records, read_state, write_state
from .tracked_dict import TrackedDict

__all__ = ["LEASE_SECONDS", "Parts", "SandboxGone", "StoredSandbox", "read_parts", "write_parts"]

LEASE_SECONDS = 60.0
_BASELINE = "baseline"  # no snapshot may have this name
_TRIM_EVERY = 256  # journal entries that are deleted together
_JOURNAL = "journal"
_SANDBOX = "sandbox"
_SNAPSHOTS = "snapshots"
_encode = msgspec.json.Encoder().encode


class SandboxGone(Exception):
    """Another process has deleted the sandbox."""


class Parts(Struct):
    """Everything of one sandbox that lasts."""

    document: WorldDocument
    state: State
    baseline: State
    snapshots: dict[str, State]
    coverage: Coverage
    quota_counters: QuotaCounters
    journal: Journal


class PartsOwner(Protocol):
    """A sandbox in memory whose parts can be taken and replaced."""

    def parts(self) -> Parts:
        """Return the parts as they are; changing them changes the sandbox."""
        ...

    def take(self, parts: Parts) -> None:
        """Go on with these parts."""
        ...


def _encode_state(state: State) -> bytes:
    rows = [(r.collection, r.key, msgspec.Raw(r.value or b"null")) for r in write_state(state)]
    return _encode(rows)


def _decode_state(value: bytes, table: TableIndex) -> State:
    rows = msgspec.json.decode(value, type=list[tuple[str, str, msgspec.Raw]])
    return read_state((Record(name, key, bytes(raw)) for name, key, raw in rows), table)


def _position_key(position: int) -> str:
    return f"{position:015}"


def _first(journal: Journal) -> int:
    """Return the position of the oldest entry that is kept."""
    last, count, _ = journal.position
    return last - count + 1


def _sandbox_records(parts: Parts) -> Iterator[Record]:
    yield Record(_SANDBOX, "document", _encode(parts.document))
    yield Record(_SANDBOX, "coverage", _encode(parts.coverage.counts()))
    yield Record(_SANDBOX, "quotas", _encode(parts.quota_counters.counts()))
    yield Record(_SANDBOX, _JOURNAL, _encode(parts.journal.position))


def write_parts(parts: Parts) -> Iterator[Record]:
    """Yield every record of a sandbox."""
    yield from _sandbox_records(parts)
    yield from write_state(parts.state)
    yield Record(_SNAPSHOTS, _BASELINE, _encode_state(parts.baseline))
    for name, state in parts.snapshots.items():
        yield Record(_SNAPSHOTS, name, _encode_state(state))
    yield from _entry_records(parts.journal, 0)


def _entry_records(journal: Journal, after: int) -> Iterator[Record]:
    """Yield the entries after a position, each with its diagnosis, which is made now."""
    position, entries = journal.newest(after)
    for place, entry in enumerate(entries, position - len(entries) + 1):
        yield Record(_JOURNAL, _position_key(place), _encode(entry.with_diagnosis()))


class _StoredEntry(Entry, frozen=True, kw_only=True, gc=False):
    """An entry as it is stored: its diagnosis has been made."""

    late: None = None


_decode_entry = msgspec.json.Decoder(_StoredEntry).decode


def read_parts(records: list[Record], table: TableIndex, journal: Journal) -> Parts:
    """Return the sandbox that records hold; its calls are put into `journal`."""
    own = {record.key: record.value or b"" for record in records if record.collection == _SANDBOX}
    saved = {r.key: r.value or b"" for r in records if r.collection == _SNAPSHOTS}
    state = read_state(records, table)
    coverage = Coverage.from_counts(
        msgspec.json.decode(own["coverage"], type=CoverageCounts), table
    )
    quotas = msgspec.json.decode(own["quotas"], type=QuotaCounts)
    counters = QuotaCounters(quotas.start, quotas.real)
    counters.load(quotas)
    journal.load(
        msgspec.json.decode(own[_JOURNAL], type=tuple[int, int, int]),
        [_decode_entry(r.value or b"") for r in records if r.collection == _JOURNAL],
    )
    return Parts(
        document=msgspec.json.decode(own["document"], type=WorldDocument),
        state=state,
        baseline=_decode_state(saved.pop(_BASELINE), table),
        snapshots={name: _decode_state(value, table) for name, value in saved.items()},
        coverage=coverage,
        quota_counters=counters,
        journal=journal,
    )


class StoredSandbox:
    """One sandbox's place in a store; only who holds the sandbox's lock may call a method.

    `owner` names this process to leases.
    """

    def __init__(self, store: Store, sandbox: PartsOwner, head: Head, owner: str) -> None:
        self.store, self.head, self._owner = store, head, owner
        self._sandbox = sandbox
        self._transaction: Transaction | None = None
        self._stale = False
        self._trimmed = 0
        self._begin_changes()

    def _begin_changes(self) -> None:
        parts = self._sandbox.parts()
        if not isinstance(parts.snapshots, TrackedDict):
            parts.snapshots = TrackedDict(parts.snapshots)
            self._sandbox.take(parts)
        self._changes = StateChanges(parts.state)
        self._note_written(parts)

    def _note_written(self, parts: Parts) -> None:
        self._state, self._baseline = parts.state, parts.baseline
        self._covered = parts.coverage.version
        self._counted = parts.quota_counters.counts()
        self._position = parts.journal.position
        snapshots: Any = parts.snapshots
        snapshots.changed.clear()
        self._changes.forget()

    def begin(self) -> None:
        """Lock the sandbox in the store, and read what other processes have written.

        Raises:
            StoreUnavailable, SandboxGone: nothing is locked.
        """
        transaction = self.store.begin(self.head.number)
        if transaction is None:
            raise SandboxGone
        try:
            self._catch_up(transaction)
        except BaseException:
            self._stale = True
            transaction.rollback()
            raise
        self._transaction = transaction

    def refresh(self) -> None:
        """Read what other processes have written, if they have.

        Raises:
            StoreUnavailable, SandboxGone.
        """
        if self._transaction is not None:
            return
        head = self.store.head(self.head.number)
        if head is None:
            raise SandboxGone
        if head != self.head or self._stale:
            self.begin()
            self.abandon()

    def _catch_up(self, transaction: Transaction) -> None:
        head = transaction.head
        if self._stale or head.epoch != self.head.epoch:
            parts = self._sandbox.parts()
            table = parts.state.table
            parts.journal.empty()
            self._sandbox.take(read_parts(list(transaction.read(-1)), table, parts.journal))
            self._begin_changes()
        elif head.revision != self.head.revision:
            self._read_changes(list(transaction.read(self.head.revision)))
        else:
            return
        self.head, self._stale = head, False

    def _read_changes(self, records: list[Record]) -> None:
        parts = self._sandbox.parts()
        apply_records(parts.state, records)
        entries = []
        position = parts.journal.position
        for record in records:
            value = record.value or b""
            if record.collection == _JOURNAL and record.value is not None:
                entries.append(_decode_entry(value))
            elif record.collection == _SNAPSHOTS and record.key != _BASELINE:
                if record.value is None:
                    parts.snapshots.pop(record.key, None)
                else:
                    parts.snapshots[record.key] = _decode_state(value, parts.state.table)
            elif record.collection == _SANDBOX and record.key == "coverage":
                parts.coverage.load(msgspec.json.decode(value, type=CoverageCounts))
            elif record.collection == _SANDBOX and record.key == "quotas":
                parts.quota_counters.load(msgspec.json.decode(value, type=QuotaCounts))
            elif record.collection == _SANDBOX and record.key == _JOURNAL:
                position = msgspec.json.decode(value, type=tuple[int, int, int])
        parts.journal.load(position, entries)
        self._note_written(parts)

    def end(self) -> None:
        """Write what has changed since `begin`, commit, and unlock.

        Raises:
            StoreUnavailable: nothing was written; the sandbox is read anew before its next unit.
        """
        transaction = self._transaction
        assert transaction is not None
        self._transaction = None
        parts = self._sandbox.parts()
        self._stale = True  # until the end: an interrupted commit may have happened or not
        try:
            if parts.state is not self._state or parts.baseline is not self._baseline:
                transaction.clear()
                transaction.put(write_parts(parts))
                self.head = transaction.commit()
                self._begin_changes()
            else:
                records = list(self._collect(parts))
                if records:
                    transaction.put(records)
                    self._trim(transaction, parts.journal)
                    self.head = transaction.commit()
                    self._note_written(parts)
                else:
                    transaction.rollback()
        except BaseException:
            transaction.rollback()
            raise
        self._stale = False

    def abandon(self) -> None:
        """Unlock without writing; what has changed in memory is read anew before the next unit."""
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            transaction.rollback()

    def _collect(self, parts: Parts) -> Iterator[Record]:
        yield from self._changes.collect()
        snapshots: Any = parts.snapshots
        for name in snapshots.changed:
            state = snapshots.get(name)
            yield Record(_SNAPSHOTS, name, None if state is None else _encode_state(state))
        if parts.coverage.version != self._covered:
            yield Record(_SANDBOX, "coverage", _encode(parts.coverage.counts()))
        counts = parts.quota_counters.counts()
        if counts != self._counted:
            yield Record(_SANDBOX, "quotas", _encode(counts))
        position = parts.journal.position
        if position != self._position:
            yield from _entry_records(parts.journal, self._position[0])
            yield Record(_SANDBOX, _JOURNAL, _encode(position))

    def _trim(self, transaction: Transaction, journal: Journal) -> None:
        """Delete entries that are in no journal any more, many at a time."""
        first = _first(journal)
        if first - self._trimmed > _TRIM_EVERY:
            transaction.delete_before(_JOURNAL, _position_key(first))
            self._trimmed = first

    def lease(self) -> bool:
        """Take or renew this process's lease of the sandbox; return False while another has it."""
        return self.store.lease(self.head.number, self._owner, LEASE_SECONDS)

    def release(self) -> None:
        """Give the lease back."""
        self.store.release(self.head.number, self._owner)
