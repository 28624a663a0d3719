"""What the message channel (TMC) remembers: notifications, who gets them, and the index of queues.

Frozen values in the state, like everything else that a sandbox remembers; `QueueIndex` is an index
over them, as deadlines are one over exchanges.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

__all__ = [
    "DEFAULT_GROUP",
    "FIRST_NUMBER",
    "PLATFORM_APP_KEY",
    "DeliveryState",
    "MessageGroup",
    "Notification",
    "QueueIndex",
    "Subscription",
]

DEFAULT_GROUP = "default"
FIRST_NUMBER = 3_000_000_000_000_000  # of a notification's ids; below 2^53, as Node keeps doubles
PLATFORM_APP_KEY = "12497914"  # publishes what the platform itself says; assumed
_EMPTY: Mapping[int, datetime] = MappingProxyType({})


class DeliveryState(StrEnum):
    """What became of a notification."""

    QUEUED = "queued"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    LOST = "lost"  # by a planned fault: never sent


class Notification(Struct, frozen=True, kw_only=True, gc=False):
    """A message of the channel for one app.

    - `number`: the id that the client confirms.
    - `group`: the queue in which it waits.
    - `shop`: nick of the shop that it is about; `user_id` and `user_nick` go out with it.
    - `dispute_id`: the exchange, 0 for what an app has produced.
    - `content`: JSON text, with instants as they were shown when `aged` was the clock's.
    - `published`, `delivered`: inner instants; `delivered` is the last time that it was sent.
    - `publisher`: app key of who published it.
    - `sent`: the machine's instant of that, so that no other process on the same store sends it
      again too early; a snapshot does not have it.
    - `deliveries`: how often it was sent.
    - `error`: what a client said when it failed.
    - `held`: inner instant until which a planned fault holds it back; with `until_next` no longer
      than until the next one of its queue.
    - `repeats`: how often a planned fault sends it once more at once.
    """

    number: int
    app_key: str
    group: str
    topic: str
    shop: str
    user_id: int
    user_nick: str
    content: str
    published: datetime
    aged: timedelta = timedelta()
    dispute_id: int = 0
    publisher: str = PLATFORM_APP_KEY
    state: DeliveryState = DeliveryState.QUEUED
    deliveries: int = 0
    delivered: datetime | None = None
    sent: datetime | None = None
    error: str = ""
    held: datetime | None = None
    until_next: bool = False
    repeats: int = 0


class Subscription(Struct, frozen=True, kw_only=True, gc=False):
    """What an app gets about a shop: `topics` None is all; `valid` False is nothing."""

    app_key: str
    shop: str
    topics: tuple[str, ...] | None = None
    valid: bool = True
    created: datetime | None = None
    modified: datetime | None = None


class MessageGroup(Struct, frozen=True, kw_only=True, gc=False):
    """A queue of an app besides the default one: for these shops, or for these topics."""

    app_key: str
    name: str
    created: datetime
    nicks: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


class _Queue:
    """Numbers that wait in one queue, oldest first: held back until an inner instant, never sent,
    and sent with the real instant."""

    __slots__ = ("fresh", "held", "sent")

    def __init__(self) -> None:
        self.held: dict[int, datetime] = {}
        self.fresh: dict[int, None] = {}
        self.sent: dict[int, datetime] = {}

    @property
    def parts(self) -> tuple[Mapping[int, object], ...]:
        """All parts of the queue; a message waits in one of them."""
        return tuple([getattr(self, name) for name in _Queue.__slots__])


class QueueIndex:
    """The notifications that wait, by app key and group.

    `revision` grows with every notification that may be sent at once.  `digest` is equal where the
    same ones wait and were sent equally often: in every process, and in a restored state.
    """

    __slots__ = ("_queues", "digest", "revision")

    def __init__(self) -> None:
        self.revision = self.digest = 0
        self._queues: dict[tuple[str, str], _Queue] = {}

    def copy(self) -> "QueueIndex":
        """Return a copy that changes independently."""
        copied = QueueIndex()
        copied.revision, copied.digest = self.revision, self.digest
        for key, queue in self._queues.items():
            copied._queues[key] = copy = _Queue()
            copy.fresh, copy.sent = queue.fresh.copy(), queue.sent.copy()
            copy.held = queue.held.copy()
        return copied

    def __eq__(self, other: object) -> bool:
        """Two are equal if the same notifications wait in the same queues."""
        return isinstance(other, QueueIndex) and self._waiting() == other._waiting()

    __hash__ = None  # type: ignore[assignment]  # it changes

    def _waiting(self) -> dict[tuple[str, str], list[int]]:
        queues = self._queues.items()
        return {key: w for key, q in queues if (w := [*q.held, *q.fresh, *q.sent])}

    def add(self, notification: Notification) -> None:
        """Let a queued one wait: until it is to be sent again, else to be sent at once."""
        key = notification.app_key, notification.group
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = _Queue()
        sent = notification.sent
        self.revision += sent is None
        self.digest ^= _digest(notification)
        if notification.held is not None:
            queue.held[notification.number] = notification.held
        elif sent is not None:
            queue.sent[notification.number] = sent
        else:
            queue.fresh[notification.number] = None

    def remove(self, notification: Notification) -> None:
        """Let it wait no longer."""
        queue = self._queues.get((notification.app_key, notification.group))
        if queue is not None:
            if any(notification.number in part for part in queue.parts):
                self.digest ^= _digest(notification)
            queue.held.pop(notification.number, None)
            queue.fresh.pop(notification.number, None)
            queue.sent.pop(notification.number, None)

    @property
    def count(self) -> int:
        """How many wait in all queues."""
        return sum(len(part) for queue in self._queues.values() for part in queue.parts)

    def held(self, app_key: str, group: str) -> Mapping[int, datetime]:
        """Return the numbers that are held back, with the inner instant until which."""
        queue = self._queues.get((app_key, group))
        return queue.held if queue else _EMPTY

    def fresh(self, app_key: str, group: str) -> tuple[int, ...]:
        """Return the numbers that were never sent, oldest first."""
        queue = self._queues.get((app_key, group))
        return tuple(queue.fresh) if queue else ()

    def sent(self, app_key: str, group: str) -> Mapping[int, datetime]:
        """Return the numbers that were sent, with the real instant, the longest ago first."""
        queue = self._queues.get((app_key, group))
        return queue.sent if queue else _EMPTY


def _digest(notification: Notification) -> int:
    return hash((notification.number, notification.deliveries))  # of numbers: the same everywhere
