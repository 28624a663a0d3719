"""The unit of work: all that one call reads and writes of one sandbox, as if nothing else happened.

The model.  Every door (the gateway, the control API) does its work on a sandbox
inside one `with world.unit_of_work() as work:`.  On entry the unit takes the sandbox's lock, reads
the clock once and lets happen everything that is due by then: deadlines and robot actions, each at
its own instant, in order.  Until it ends, nobody else reads or changes the sandbox, and `now` stays
what it was on entry.

Why.  A call of the gateway is many steps: who calls, which rights, which quota, which planned
fault, the move or query, the journal entry.  If each step took the lock for itself, a reset or a
deadline could come between the check of a session and the move that relies on it, and the journal
could show calls in another order than the events they caused.  With one unit a call meets one
state, and is journalled in it.

Nesting.  The verbs of `World` each open a unit, so that each is safe to call alone.  Opened inside
another unit of the same thread they join it: the lock is re-entrant, and what is due is not looked
for again.

All or nothing.  A verb first evaluates everything that can refuse, then changes everything; a
refused call leaves the state as it was.  No verb changes a value in place: the state is dicts of
frozen values.

What would break without it.  Code that read the state outside a unit would see other calls half
done.  With several processes the lock of one is not enough.  So where the sandbox has a place in a
store, the unit is also a transaction of it, from entry to exit and with the journal entry in it:
what another process wrote is read on entry, what this one changed is committed on exit.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from threading import RLock
from typing import Protocol

from ..domain.catalogue import Trade
from ..domain.refund import RefundProgress
from .authorization_verbs import Place, authorize, exchange_code, exchange_refresh_token
from .channel import Channel
from .coverage import Coverage
from .faults.fault_matching import FaultCandidate, FaultMatch
from .faults.fault_plan import PlanContext, match_fault
from .identity import App
from .journal import Entry, Journal
from .operations import Called
from .picture_store import PicturesFull, add_pictures
from .quotas import Ban, QuotaCounters
from .server_side import ServerSide
from .stored_sandbox import StoredSandbox
from .transitions import next_message_number
from .view import WorldView

__all__ = ["HeldSandbox", "UnitOfWork"]


class Sandboxed(Protocol):
    """What a unit of work needs of its sandbox; `World` is one."""

    id: str
    directory: ServerSide
    lock: RLock
    view: WorldView
    quota_counters: QuotaCounters
    journal: Journal
    coverage: Coverage
    stored: StoredSandbox | None

    def run_until_now(self) -> datetime:
        """Let happen what is due; return the inner now."""
        ...

    def plan_context(self) -> PlanContext:
        """Return what the fault plan works on."""
        ...


class UnitOfWork:
    """The open unit of one sandbox; `now` is the inner instant of its beginning."""

    __slots__ = ("_depth", "_sent", "_world", "now")

    def __init__(self, world: Sandboxed) -> None:
        self._world = world
        self._depth = 0
        self._sent: object = None  # what the message channel knows of
        self.now = world.directory.real()

    def __enter__(self) -> "UnitOfWork":
        self.enter(runs_due=True)
        return self

    def enter(self, *, runs_due: bool) -> None:
        """Begin; without `runs_due` nothing that is due happens."""
        world = self._world
        world.lock.acquire()
        try:
            if not self._depth:
                if world.stored is not None:
                    world.stored.begin()
                if runs_due:
                    self.now = world.run_until_now()
            self._depth += 1
        except BaseException:
            if world.stored is not None and not self._depth:
                world.stored.abandon()
            world.lock.release()
            raise

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._depth -= 1
        world, published = self._world, False
        try:
            if not self._depth:
                revision = world.view.channel_revision
                published, self._sent = revision != self._sent, revision
                if world.stored is not None:
                    if kind is None or issubclass(kind, Exception):
                        world.stored.end()  # a refusal too: what was due has happened
                    else:
                        world.stored.abandon()
        finally:
            world.lock.release()
        if published:
            world.directory.published(world.id)

    @property
    def view(self) -> WorldView:
        """The sandbox as it is now."""
        return self._world.view

    def consume_quota(self, app_key: str, method: str) -> Ban | None:
        """Count a call against the quotas; return the ban that refuses it, None if it may pass."""
        world = self._world
        return world.quota_counters.consume_quota(
            world.view.quotas, app_key, method, world.directory.real()
        )

    def next_fault(self, candidate: FaultCandidate) -> FaultMatch | None:
        """Return the planned fault that disturbs the call, None if none does, and count the
        call."""
        return match_fault(self._world.plan_context(), candidate)

    def show_moved(self, dispute_id: int, modified: datetime) -> None:
        """Let reads show the exchange as modified at this inner instant, until it is really
        modified."""
        self._world.plan_context().state.show_moved(dispute_id, modified)

    def put_refund(self, dispute_id: int, progress: RefundProgress) -> None:
        """Store how far the refund of an exchange is."""
        self._world.plan_context().state.refunds[dispute_id] = progress

    def put_trades(self, orders: Iterable[Trade], waybill: str, oid: int) -> None:
        """Store sub-orders that were shipped, the first user `oid` of the waybill with them."""
        state = self._world.plan_context().state
        state.trades.update({order.oid: order for order in orders})
        state.waybills.setdefault(waybill, oid)

    def note_call(
        self,
        method: str,
        params: Mapping[str, str],
        *,
        shop: str,
        sub: bool,
        pictures: Mapping[str, str],
    ) -> None:
        """Keep a write that changed a refund or a trade, so that a recording can repeat it."""
        state = self._world.plan_context().state
        number = self.view.last_event
        state.operations.append(Called(number, self.now, method, params, shop, sub, pictures))

    def next_message_number(self) -> int:
        """Return the id of a new message."""
        return next_message_number(self._world.plan_context().state)

    def store_pictures(self, files: Mapping[str, bytes]) -> PicturesFull | None:
        """Store pictures by name, all or none; return the refusal if they are too many."""
        state = self._world.plan_context().state
        try:
            add_pictures(state.pictures, files, state.rules)
        except PicturesFull as full:
            return full
        return None

    @property
    def channel(self) -> Channel:
        """The message channel (TMC) of the sandbox."""
        context = self._world.plan_context()
        return Channel(context.state, self.now, context.real)

    def authorize(self, app: App, label: str, *, redirect_uri: str, anew: bool) -> str:
        """Return a code by which `app` may act for the account.  Raises KeyError: no account."""
        state, place = self._world.plan_context().state, self._place()
        with self._adopted():
            return authorize(state, place, app, label, redirect_uri=redirect_uri, anew=anew)

    def exchange_code(self, app: App, code: str, redirect_uri: str | None = None) -> str:
        """Redeem a code for a token, as JSON.  Raises AuthorizationRefused: it is not right."""
        state, place = self._world.plan_context().state, self._place()
        with self._adopted():
            return exchange_code(state, place, app, code, redirect_uri)

    def exchange_refresh_token(self, app: App, refresh_token: str) -> str:
        """Redeem a refresh token for a token, as JSON.  Raises AuthorizationRefused: not right."""
        state, place = self._world.plan_context().state, self._place()
        with self._adopted():
            return exchange_refresh_token(state, place, app, refresh_token)

    def _place(self) -> Place:
        return Place(self._world.id, self._world.directory.real())

    @contextmanager
    def _adopted(self) -> Iterator[None]:
        """Let the server know the codes and tokens that are issued meanwhile, and forget others."""
        before = set(self.view.issued_secrets())
        yield
        after = set(self.view.issued_secrets())
        self._world.directory.adopt(self._world.id, after - before, before - after)

    def record_call(self, entry: Entry) -> None:
        """Add the call to the journal and to the coverage."""
        self._world.journal.add(entry)
        self._world.coverage.add_call(entry)


class HeldSandbox:
    """A unit of work in which nothing that is due happens: for what replaces or sets aside."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    def __enter__(self) -> UnitOfWork:
        self._unit.enter(runs_due=False)
        return self._unit

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._unit.__exit__(kind, *error)
