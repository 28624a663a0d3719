"""What a sandbox needs of a store that outlives its process.

The model.  Every process keeps the whole state of a sandbox in memory and plays on that; a store
keeps the same state as records, and one head for each sandbox.  A record is one value of one
collection (`exchanges`, `events`, `journal` …) as JSON.  A head holds `revision`, which grows by
one with every commit, and `epoch`, which changes when the whole state was replaced.

One transaction is one unit of work.  `begin` locks the head, so that no other process works on the
sandbox until the end.  Where the head has moved, another process has worked meanwhile: the records
that it wrote carry their revision, so only they are read.  What was changed is put, and `commit`
makes all of it last, or nothing.

No store knows a rule.  It sees names, keys and bytes, so a new collection needs no new schema.
Without a store (`memory:`) none of this runs.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from msgspec import Struct

__all__ = ["Head", "Record", "Store", "StoreUnavailable", "Transaction"]


class StoreUnavailable(Exception):
    """The store cannot be used, or not now; says why, without passwords."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"{zh} ({en})")


class Head(Struct, frozen=True):
    """One sandbox in the store; `number` is never given to another one."""

    number: int
    id: str
    revision: int
    epoch: int


class Record(Struct, frozen=True, gc=False):
    """One value of a collection; None where the key was deleted."""

    collection: str
    key: str
    value: bytes | None


class Transaction(Protocol):
    """The work of one process on one sandbox, which is locked meanwhile."""

    head: Head

    def read(self, after: int) -> Iterator[Record]:
        """Yield what was written after a revision, in the order in which the keys came first.

        After -1 all records that exist, none that was deleted.
        """
        ...

    def put(self, records: Iterable[Record]) -> None:
        """Write records; one without value deletes its key."""
        ...

    def clear(self) -> None:
        """Delete all records: the whole state is replaced, and a new epoch begins."""
        ...

    def delete_before(self, collection: str, key: str) -> None:
        """Delete the records of a collection whose keys sort before `key`, without a trace."""
        ...

    def commit(self) -> Head:
        """Make what was written last, and return the head after it."""
        ...

    def rollback(self) -> None:
        """End without a change."""
        ...


class Store(Protocol):
    """Sandboxes as records; every method may be called from any thread.

    Each may raise StoreUnavailable.
    """

    def revision(self) -> int:
        """Return a number that changes when a sandbox is made or dropped."""
        ...

    def heads(self) -> list[Head]:
        """Return the heads of all sandboxes in the order in which they were made."""
        ...

    def head(self, number: int) -> Head | None:
        """Return the head of a sandbox; None once it is dropped."""
        ...

    def begin(self, number: int) -> Transaction | None:
        """Lock a sandbox and return the transaction; None if it is dropped."""
        ...

    def make(self, sandbox: str, revision: int, records: Iterable[Record]) -> Head | None:
        """Make a sandbox with these records; return None if the store has another `revision`."""
        ...

    def drop(self, number: int) -> None:
        """Delete a sandbox with its records; idempotent."""
        ...

    def lease(self, number: int, owner: str, seconds: float) -> bool:
        """Give `owner` the sandbox's lease for so long; return False while another has it."""
        ...

    def release(self, number: int, owner: str) -> None:
        """Take the lease back if `owner` has it."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...
