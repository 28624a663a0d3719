"""Hold one sandbox: its state, and the verbs by which every door changes it.

The model.  A `World` owns one `State` (dicts of frozen values), one journal, one coverage count and
the snapshots that were kept of it.  Doors read through `view` and change through the verbs here:
open, move, advance, plan a fault, snapshot, restore and so on.  Nobody else holds the state, so a
store other than memory can stand behind the same verbs.

One unit of work.  Every verb runs inside a unit (unit_of_work.py): under the sandbox's lock, with
one `now`, after all that was due by then has happened at its own instants, in order
(due_events.py).

All or nothing.  A verb first evaluates all that can refuse, then changes all.  A refused call
raises and leaves no trace but its line in the journal and its count in the coverage.

Replayable.  Each change that a user made is one `Operation`, so a sandbox can be written as a
scenario; what follows by itself (deadlines, robots) is not, since it happens again.

What would break.  A verb that changed something before its last check could leave half a move; one
that read the clock twice could meet a deadline between; one without operation would be missing in
a recorded scenario.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from msgspec.structs import replace

from ..api.methods import METHODS
from ..domain.behaviours import PlannedAction
from ..domain.errors import DomainError
from ..domain.exchange import Event, Exchange, Message, Outcome
from ..domain.ledger import Accounts, set_available
from ..domain.moves import Move
from ..domain.vocabulary import Role
from .clock import Clock
from .coverage import Coverage
from .document import BadDocument, QuotaDocument, RobotsDocument, WorldDocument
from .faults.fault_matching import Fault
from .faults.fault_plan import (
    change_fault,
    drop_faults,
    plan_faults,
    plan_from_document,
    serialize_planned,
)
from .identity import App, Session
from .journal import CAPACITY, Journal
from .opening import open_exchanges
from .opening_document import OPEN_AT_MOST, open_at_first
from .operations import Aged, Ruled, Stocked
from .picture_store import add_pictures
from .quotas import QuotaCounters, read_quotas
from .robots import replan, replan_after, set_robots
from .sandbox_memory import SandboxMemory
from .save_and_resume import check_name, move_clock, resume
from .server_side import ServerSide
from .state import State
from .stored_sandbox import Parts
from .transitions import evaluate, record
from .view import WorldView
from .world_factory import make_state, new_credentials

__all__ = ["World"]


class World(SandboxMemory):
    """One sandbox.  `id` is its name in URLs; doors read its `view` and change it by verbs only.

    With `state` it is made from a snapshot, with an app and sessions of its own.
    """

    def __init__(
        self,
        directory: ServerSide,
        document: WorldDocument,
        *,
        id: str = "",
        state: State | None = None,
        keep_coverage: bool = False,
        journal: int = CAPACITY,
    ) -> None:
        name = id or (check_name(document.name) if document.name else "")
        super().__init__(directory, name or f"s{directory.number()}", Journal(journal))
        self.document = document
        owner = "" if self.id == "default" else self.id
        self.coverage, self.snapshots = Coverage(directory.table), {}
        if state is None:
            self._state = make_state(document, owner, directory.real(), directory.table)
        else:
            self._state = resume(state, directory.real(), None)
            self._state.table = directory.table
            new_credentials(self._state, owner)
            if keep_coverage and state.covered is not None:
                self.coverage = Coverage.from_counts(state.covered, directory.table)
        self.view = WorldView(self._state)
        if state is None:
            open_at_first(document, self.open)
        self.quota_counters = QuotaCounters(self.now, directory.real())
        if state is None:
            plan_from_document(self.plan_context(), document.faults)
        self._baseline = self._saved()

    @classmethod
    def from_parts(cls, directory: ServerSide, id: str, parts: Parts) -> "World":
        """Return the sandbox that a store held."""
        world = cls.__new__(cls)
        SandboxMemory.__init__(world, directory, id, parts.journal)
        world.take(parts)
        return world

    def advance(self, by: timedelta) -> list[Event]:
        """Move now on by `by`; return the events that this made due, in order."""
        with self.unit_of_work():
            fired = self._move_clock("by", lambda clock: clock.advance(by))
            self.quota_counters.advance(by)
            return fired

    def age(self, by: timedelta) -> list[Event]:
        """Make everything recorded older by `by`, now staying; return what that made due."""
        return self._move_clock("by", lambda clock: clock.age(by))

    def set_clock(self, *, running: bool, now: datetime | None) -> list[Event]:
        """Set the clock to `now` (None: as it is), frozen or running; return what that made due.

        Set back, it leaves recorded instants where they are: they lie in the future then.
        """
        with self.unit_of_work():
            real = self.directory.real()
            target = self.now if now is None else now
            fired = self._move_clock(
                "now", lambda clock: clock.set(running=running, now=target, real=real)
            )
            if now is not None:
                self.quota_counters.set(now, real)
            return fired

    def _move_clock(self, field: str, moved: Callable[[Clock], Clock]) -> list[Event]:
        with self.unit_of_work() as work:
            clock = move_clock(self._state.clock, moved, self.directory.real(), field)
            now = clock.inner(self.directory.real())
            if older := clock.aged - self._state.clock.aged:
                self._state.operations.append(Aged(self._state.last_event, work.now, older))
            self._state.clock = clock
            work.now = now
            return self._fire(now)

    def deadlines(self, limit: int | None = None) -> list[tuple[datetime, Exchange]]:
        """Return the coming deadlines (instants as users see them), earliest first; `limit`: at
        most so many."""
        with self.unit_of_work():
            clock, exchanges = self._state.clock, self._state.exchanges
            coming = islice(self._state.due(), limit)
            return [(clock.show(at), exchanges[dispute_id]) for at, dispute_id in coming]

    def planned(self) -> list[PlannedAction]:
        """Return what robots are going to do, earliest first, as users see instants."""
        with self.unit_of_work():
            return [
                replace(plan, at=self._state.clock.show(plan.at)) for plan in self._state.agenda()
            ]

    def exchange(self, dispute_id: int, shop: str = "") -> Exchange:
        """Return the exchange as it is now; `shop` is the seller who asks, empty for anybody.

        Raises:
            NoSuchExchange: unknown, or another seller's.
        """
        with self.unit_of_work():
            return self.view.exchange(dispute_id, shop)

    def open(self, raw: Mapping[str, object], count: int = 1) -> list[Exchange]:
        """Open `count` exchanges by wire names, all or none, and return them; see opening.py.

        Raises:
            BadDocument: a field is unknown, wrong or taken.
        """
        if not 1 <= count <= OPEN_AT_MOST:
            raise BadDocument("count", f"应为 1 到 {OPEN_AT_MOST}", f"1 to {OPEN_AT_MOST}")
        with self.unit_of_work() as work:
            if count > 1 and raw.get("dispute_id"):
                raise BadDocument(
                    "dispute_id", "count 大于 1 时不能指定", "cannot be given with a count above 1"
                )
            opened = open_exchanges(self._state, raw, work.now, count)
            for exchange in opened if self._state.robots else ():
                replan(self._state, exchange.dispute_id, work.now)
            self.coverage.add_openings(opened)
            return opened

    def move(
        self,
        dispute_id: int,
        move: Move,
        role: Role,
        *,
        session: Session | None = None,
        shop: str = "",
        pictures: Mapping[str, bytes] | None = None,
    ) -> tuple[Outcome, Message]:
        """Make a move; return what it caused, the exchange after it included, and its message.

        `pictures` are the files that the move names.

        Raises:
            NoSuchExchange, WrongRuleset, IllegalMove, ConditionFailed, PicturesFull: no change.
        """
        with self.unit_of_work() as work:
            exchange = self.view.exchange(dispute_id, shop)
            try:
                step = evaluate(self._state, exchange, move, role=role, at=work.now)
            except DomainError as refused:
                if session is not None:
                    self.coverage.add_refusal(exchange, type(move), refused)
                raise
            add_pictures(self._state.pictures, pictures or {}, self._state.rules)
            event = record(self._state, step, session)
            self.coverage.add_move(exchange.ruleset, event, client=session is not None)
            replan_after(self._state, event)
            return step.outcome, self._state.messages[dispute_id][-1]

    def put_stock(self, name: str, available: int) -> tuple[str, Accounts]:
        """Put `available` units of goods (by name or SKU) on the shelf; return SKU and accounts.

        Raises:
            BadDocument: unknown goods, or not a number from 0.
        """
        with self.unit_of_work() as work:
            goods = self._state.goods.get(name)
            sku = goods.sku_id if goods else name
            if sku not in self._state.accounts:
                names = "、".join(self._state.goods)
                zh, en = f"没有这个商品；可用：{names}", f"no such goods; use: {names}"
                raise BadDocument("name", zh, en, missing=True)
            if not 0 <= available < 2**31:
                raise BadDocument("available", "应为 0 或更大的整数", "0 or more")
            self._state.accounts[sku] = set_available(self._state.accounts[sku], available)
            self._state.operations.append(Stocked(self._state.last_event, work.now, sku, available))
            return sku, self._state.accounts[sku]

    def patch_rules(self, patch: Mapping[str, object]) -> None:
        """Change the rules in `patch`; deadlines follow, and what is overdue by them happens now.

        Raises:
            BadRule: a name or value is wrong; none has changed.
        """
        with self.unit_of_work() as work:
            self._state.rules = self._state.rules.with_changes(patch)
            self._state.reindex_timers()
            self._state.operations.append(Ruled(self._state.last_event, work.now, dict(patch)))
            self._fire(work.now, earliest=work.now)

    def set_robots(self, robots: RobotsDocument | None) -> None:
        """Let these robots act, and no others; if they are not those of before, all plan anew."""
        with self.unit_of_work() as work:
            if robots != self._state.robots:
                set_robots(self._state, robots, work.now)

    def set_permissions(self, app_or_session: App | Session) -> None:
        """Replace an app or session, found by its key or token, with its new rights and expiry."""
        with self.unit_of_work():
            if isinstance(app_or_session, App):
                self._state.apps[app_or_session.app_key] = app_or_session
            else:
                self._state.sessions[app_or_session.token] = app_or_session

    def stub(self, method: str, reply: bytes | None) -> bool:
        """Set the canned reply of `method` (None: remove it); return True if it had one."""
        with self.held():
            removed = self._state.stubs.pop(method, None)
            if reply is not None:
                self._state.stubs[method] = reply
            return removed is not None

    def set_quotas(self, quotas: Sequence[QuotaDocument]) -> None:
        """Replace the quotas; counting begins anew.

        Raises:
            BadDocument: one is wrong; none has changed.
        """
        with self.held():
            state = self._state
            state.quotas = read_quotas(quotas, (*METHODS, *state.stubs), state.apps)
            self.quota_counters.clear()

    def plan_faults(self, document: object) -> list[Fault]:
        """Plan a fault, or those of a set, to be tried after all that are planned.

        Raises:
            BadDocument: one cannot be; none is planned.
        """
        with self.unit_of_work():
            return plan_faults(self.plan_context(), document)

    def change_fault(self, fault_id: str, patch: Mapping[str, object]) -> Fault | None:
        """Lay the keys of `patch` over a planned fault, keeping its counters; return None if there
        is none.

        Raises:
            BadDocument: it cannot be so.
        """
        with self.unit_of_work():
            return change_fault(self.plan_context(), fault_id, patch)

    def drop_faults(self, fault_ids: Iterable[str] | None = None) -> int:
        """Drop these faults, or all; return how many there were."""
        with self.unit_of_work():
            return drop_faults(self._state, fault_ids)

    def planned_faults(self) -> list[dict[str, object]]:
        """Return every planned fault as users write it, with its id and counters."""
        with self.unit_of_work():
            counters = self.view.fault_counters
            return [serialize_planned(fault, counters(fault.id)) for fault in self.view.faults()]
