"""Everything that one sandbox remembers, and the indexes over it.

Dicts of immutable values, so a snapshot is a shallow copy.  Only the world changes a state, and
only after all checks have passed.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sortedcontainers import SortedList

from ..domain.behaviours import PlannedAction
from ..domain.catalogue import Buyer, Carrier, Goods, Reason, Shop, Trade
from ..domain.exchange import Event, Exchange, Message
from ..domain.ledger import Accounts
from ..domain.play import deadline
from ..domain.refund import RefundProgress
from ..domain.rules import RuleValues
from ..domain.table_index import SHIPPED_TABLE, TableIndex
from ..domain.vocabulary import Ruleset, Status
from .authorization import Authorizations
from .clock import Clock
from .coverage import CoverageCounts
from .document import RobotsDocument
from .faults.fault_matching import Fault, FaultCounters
from .identity import App, Session
from .notifications import MessageGroup, Notification, QueueIndex, Subscription
from .operations import Emptied, Founded, Operation
from .quotas import Quota

__all__ = ["Past", "State"]


class Past(Struct, frozen=True):
    """An exchange as it was before the write at `at` (inner); None where that write made it."""

    at: datetime
    dispute_id: int
    exchange: Exchange | None
    events: tuple[Event, ...]
    messages: tuple[Message, ...]


class State:
    """All that one sandbox remembers, with its indexes."""

    def __init__(
        self, clock: Clock, rules: RuleValues, ruleset: Ruleset, table: TableIndex = SHIPPED_TABLE
    ) -> None:
        self.clock = clock
        self.rules = rules
        self.ruleset = ruleset
        self.table = table
        self.apps: dict[str, App] = {}
        self.sessions: dict[str, Session] = {}
        self.authorizations = Authorizations()
        self.shops: dict[str, Shop] = {}
        self.goods: dict[str, Goods] = {}
        self.buyers: dict[str, Buyer] = {}
        self.carriers: tuple[Carrier, ...] = ()
        self.reasons: tuple[Reason, ...] = ()
        self.trades: dict[int, Trade] = {}  # by sub-order, which belongs to one trade
        self.accounts: dict[str, Accounts] = {}
        self.exchanges: dict[int, Exchange] = {}
        self.events: dict[int, tuple[Event, ...]] = {}
        self.messages: dict[int, tuple[Message, ...]] = {}
        self.outbox: dict[int, Notification] = {}  # of the message channel, by number
        self.subscriptions: dict[tuple[str, str], Subscription] = {}  # by app key and shop
        self.message_groups: dict[tuple[str, str], MessageGroup] = {}  # by app key and name
        self.queues = QueueIndex()
        self.waybills: dict[str, int] = {}
        self.refunds: dict[int, RefundProgress] = {}  # by the exchange that became the refund
        self.pictures: dict[str, bytes] = {}
        self.stubs: dict[str, bytes] = {}
        self.quotas: tuple[Quota, ...] = ()
        self.faults: dict[str, Fault] = {}  # by id, in the order in which they are tried
        self.fault_counters: dict[str, FaultCounters] = {}
        self.moved_rows: dict[int, datetime] = {}  # `modified` as reads show it, see fault_plan.py
        self.past: dict[int, Past] | None = None  # None while nothing looks back
        self.numbers: dict[str, int] = {}
        self.robots: RobotsDocument | None = None
        self.plans: dict[int, tuple[PlannedAction, ...]] = {}  # what robots mean to do, by exchange
        self._agenda: SortedList[PlannedAction] = SortedList()
        self.covered: CoverageCounts | None = None  # of a saved state; a live one has Coverage
        self.operations: list[Operation] = []
        self._timers: SortedList[tuple[datetime, int]] = SortedList()
        self._lists: dict[tuple[str, Status | None], SortedList[tuple[float, int]]] = {}

    def copy(self) -> "State":
        """Return a copy that changes independently."""
        copied = State.__new__(State)
        for name, value in vars(self).items():
            vars(copied)[name] = (
                value.copy() if isinstance(value, dict | list | SortedList) else value
            )
        copied._lists = {key: rows.copy() for key, rows in self._lists.items()}
        copied.queues = self.queues.copy()
        return copied

    def put(self, exchange: Exchange, *, modified: bool = True) -> None:
        """Store `exchange` and let both indexes follow; `modified` is False where no time was
        stamped."""
        before = self.exchanges.get(exchange.dispute_id)
        if before is not None:
            self._unindex(before)
        if modified:
            self.moved_rows.pop(exchange.dispute_id, None)
        self.exchanges[exchange.dispute_id] = exchange
        self._index(exchange)

    def drop(self, dispute_id: int) -> None:
        """Delete an exchange with its events, messages and plans."""
        self._unindex(self.exchanges.pop(dispute_id))
        self.moved_rows.pop(dispute_id, None)
        self.plan(dispute_id, ())
        for memory in (self.events, self.messages, self.refunds):
            memory.pop(dispute_id, None)

    def show_moved(self, dispute_id: int, modified: datetime | None) -> None:
        """Let reads show the exchange as modified at this inner instant (None: as it was), until it
        is really modified."""
        exchange = self.exchanges[dispute_id]
        self._unindex(exchange)
        if modified is None:
            self.moved_rows.pop(dispute_id, None)
        else:
            self.moved_rows[dispute_id] = modified
        self._index(exchange)

    def as_read(self, exchange: Exchange) -> Exchange:
        """Return the exchange with the `modified` that reads show."""
        modified = self.moved_rows.get(exchange.dispute_id) if self.moved_rows else None
        return exchange if modified is None else replace(exchange, modified=modified)

    def clear(self) -> None:
        """Delete goods, buyers, trades and exchanges, and all that belongs to them."""
        for memory in (
            self.goods,
            self.buyers,
            self.trades,
            self.accounts,
            self.exchanges,
            self.events,
            self.messages,
            self.waybills,
            self.refunds,
            self.pictures,
            self.plans,
            self.moved_rows,
            self.outbox,
            self._lists,
        ):
            memory.clear()
        self.queues = QueueIndex()
        self._timers.clear()
        self._agenda.clear()
        founding = (operation for operation in self.operations if isinstance(operation, Founded))
        self.operations = [*founding, Emptied(self.last_event, self.clock.at)]
        self.look_back()

    def look_back(self) -> None:
        """Keep past states from now on if a planned fault looks back; else forget them."""
        self.past = {} if any(fault.declared.looks_back for fault in self.faults.values()) else None

    def reindex_timers(self) -> None:
        """Compute all deadlines anew, after rules have changed."""
        due = (
            (self._deadline(exchange), exchange.dispute_id) for exchange in self.exchanges.values()
        )
        self._timers = SortedList((at, number) for at, number in due if at is not None)

    def first_due(self) -> tuple[datetime, int] | None:
        """Return the earliest deadline with its dispute id; equal deadlines by dispute id."""
        return self._timers[0] if self._timers else None

    @property
    def timer_count(self) -> int:
        """How many exchanges have a deadline."""
        return len(self._timers)

    def due(self) -> Iterator[tuple[datetime, int]]:
        """Return all deadlines with their dispute ids, earliest first."""
        return iter(self._timers)

    def plan(self, dispute_id: int, plans: tuple[PlannedAction, ...]) -> None:
        """Replace what robots are going to do about the exchange."""
        for plan in self.plans.pop(dispute_id, ()):
            self._agenda.discard(plan)
        if plans:
            self.plans[dispute_id] = plans
            self._agenda.update(plans)

    def first_plan(self) -> PlannedAction | None:
        """Return the plan whose instant comes first, None without any.

        At one instant: by dispute id, then buyer, courier, customer service.
        """
        return self._agenda[0] if self._agenda else None

    def agenda(self) -> Iterator[PlannedAction]:
        """Return all planned actions, earliest first."""
        return iter(self._agenda)

    def next_event(self) -> datetime | None:
        """Return the instant of the first deadline or planned action, None without any."""
        due = self.first_due()
        plan = self.first_plan()
        return min((at for at in (due and due[0], plan and plan.at) if at), default=None)

    def rows(self, shop: str, status: Status | None) -> "SortedList[tuple[float, int]]":
        """Return the index of a shop's exchanges in a status (None: in any), newest first.

        A row is minus `modified`, in seconds since 1970, and the dispute id.
        """
        return self._lists.get((shop, status)) or SortedList()

    @property
    def last_event(self) -> int:
        """The number of the newest event, 0 before the first."""
        return self.numbers.get("fact", 0)

    def number(self, kind: str) -> int:
        """Return the next number of a kind, from 1."""
        self.numbers[kind] = self.numbers.get(kind, 0) + 1
        return self.numbers[kind]

    def _deadline(self, exchange: Exchange) -> datetime | None:
        return deadline(exchange, self.rules, self.table)

    def _row(self, exchange: Exchange) -> tuple[float, int]:
        modified = self.moved_rows.get(exchange.dispute_id, exchange.modified)
        return -modified.timestamp(), exchange.dispute_id

    def _index(self, exchange: Exchange) -> None:
        at = self._deadline(exchange)
        if at is not None:
            self._timers.add((at, exchange.dispute_id))
        row = self._row(exchange)
        for status in (None, exchange.status):
            self._lists.setdefault((exchange.shop, status), SortedList()).add(row)

    def _unindex(self, exchange: Exchange) -> None:
        at = self._deadline(exchange)
        if at is not None:
            self._timers.discard((at, exchange.dispute_id))
        row = self._row(exchange)
        for status in (None, exchange.status):
            self._lists[exchange.shop, status].discard(row)
