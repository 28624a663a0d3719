"""One sandbox: its state and the few verbs that every door calls.

Time is settled before anything is read or written: what is due fires at its own instant, in order.
Every verb checks all, then changes all, under one lock; a refused call leaves no trace.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import RLock
from typing import Any, Protocol

from msgspec.structs import replace

from ..domain.conditions import Situation
from ..domain.errors import NoSuchExchange
from ..domain.exchange import Exchange, Fact, Message, Outcome
from ..domain.ledger import Accounts, post, stocked
from ..domain.moves import Apply, Expire, Move
from ..domain.play import deadline, play
from ..domain.table import Row
from ..domain.vocabulary import Actor, Role, Status
from ..protocol.shapes import show_time
from .clock import EARLIEST, LATEST, Clock, within
from .completion import complete, stage_reasons
from .document import BadDocument, WorldDocument
from .identity import Session
from .journal import CAPACITY, Journal
from .making import STOCK, adopt_credentials, clock_of, make_state
from .opening import OPEN_AT_MOST, Draft, draft_exchange
from .state import State

__all__ = ["World"]

def _named(name: str) -> str:
    """A name that can stand in a URL.

    Raises:
        BadDocument: another.
    """
    if not re.fullmatch(r"\w[\w.-]{0,63}", name):
        raise BadDocument("name", "应为 1–64 个字母、数字、汉字、点、横线", "1–64 letters, digits, dots, hyphens, underscores")
    return name


class Surroundings(Protocol):
    """What a world asks of the server it stands in."""

    real: Callable[[], datetime]

    def number(self) -> int:
        """A number that no other world of the server was made with."""
        ...


class World:
    """One isolated world.  `id` is its name in URLs; `state` is read by doors and changed by verbs only."""

    def __init__(
        self, directory: Surroundings, document: WorldDocument, *, id: str = "", state: State | None = None,
        journal: int = CAPACITY,
    ) -> None:
        self.directory, self.document = directory, document
        number = 0 if id == "default" else directory.number()
        self.id = _named(id or document.name or f"s{number}")
        self.lock = RLock()
        self.journal = Journal(journal)
        self.state = state or make_state(document, number, self.directory.real())
        self.snapshots: dict[str, State] = {}
        if document.samples and state is None:
            for status in Status:
                self.open({"status": status.value})
        self._baseline = self._saved()

    # time

    @property
    def now(self) -> datetime:
        """The sandbox's now as users see it."""
        return self.state.clock.outer(self.directory.real())

    @contextmanager
    def settled(self) -> Iterator[datetime]:
        """Holds the world still at its inner now, with everything due already fired."""
        with self.lock:
            now = self.state.clock.inner(self.directory.real())
            self._fire(now)
            yield now

    def _fire(self, now: datetime, earliest: datetime | None = None) -> list[Fact]:
        """What is due moves, each at its own instant; `earliest` is when a change of rules made it due."""
        fired = []
        while (due := self.state.first_due()) is not None and due[0] <= now:
            at, dispute_id = max(due[0], earliest or due[0]), due[1]
            exchange = self.state.exchanges[dispute_id]
            outcome = self._outcome(exchange, Expire(), Role.TIMEOUT, at)
            fired.append(self._commit(outcome, Expire, Role.TIMEOUT, at, exchange.status))
        return fired

    def advance(self, by: timedelta) -> list[Fact]:
        """Now is later by `by`; what fired on the way, in order."""
        return self._move_clock(lambda clock: clock.advanced(by))

    def age(self, by: timedelta) -> list[Fact]:
        """Everything recorded is older by `by`, now stays; what that made due, in order."""
        return self._move_clock(lambda clock: clock.older(by))

    def set_clock(self, *, running: bool, now: datetime | None) -> list[Fact]:
        """The clock shows `now` (or what it shows already), frozen there or running on; what that made due.

        Set back, it leaves recorded instants where they are: they lie in the future then.
        """
        with self.lock:
            real, shown = self.directory.real(), self.now if now is None else now
            return self._move_clock(lambda clock: clock.set(running=running, now=shown, real=real))

    def _move_clock(self, moved: Callable[[Clock], Clock]) -> list[Fact]:
        with self.settled():
            try:
                clock = moved(self.state.clock)
                now = clock.inner(self.directory.real())
                reachable = within(now) and within(clock.shown(now))
            except OverflowError:
                reachable = False
            if not reachable:
                raise BadDocument("by", f"超出 {EARLIEST}–{LATEST} 年", f"beyond the years {EARLIEST} to {LATEST}")
            self.state.clock = clock
            return self._fire(now)

    def deadlines(self) -> list[tuple[datetime, Exchange]]:
        """Coming deadlines as users see them, earliest first."""
        with self.settled():
            clock, exchanges = self.state.clock, self.state.exchanges
            return [(clock.shown(at), exchanges[dispute_id]) for at, dispute_id in self.state.due()]

    # reading

    def exchange(self, dispute_id: int, shop: str = "") -> Exchange:
        """The exchange as it is now; `shop` is the seller who asks, empty for any.

        Raises:
            NoSuchExchange: unknown, or another seller's.
        """
        with self.settled():
            return self.visible(dispute_id, shop)

    def visible(self, dispute_id: int, shop: str) -> Exchange:
        """The same as `exchange`, where the caller has settled the world already."""
        exchange = self.state.exchanges.get(dispute_id)
        if exchange is None or (shop and exchange.shop != shop):
            raise NoSuchExchange(dispute_id)
        return exchange

    # changing

    def open(self, raw: Mapping[str, Any], count: int = 1) -> list[Exchange]:
        """`count` exchanges opened by wire names, all or none; see opening.py.

        Raises:
            BadDocument: a field is unknown, wrong or taken.
        """
        if not 1 <= count <= OPEN_AT_MOST:
            raise BadDocument("count", f"应为 1 到 {OPEN_AT_MOST}", f"1 to {OPEN_AT_MOST}")
        with self.settled() as now:
            if count > 1 and raw.get("dispute_id"):
                raise BadDocument("dispute_id", "count 大于 1 时不能指定", "cannot be given with a count above 1")
            first = draft_exchange(raw, self.state, now)
            opened = [self._store(first, now)]
            opened += [self._store(draft_exchange(raw, self.state, now), now) for _ in range(count - 1)]
            return [self.state.exchanges[number] for number in opened]

    def _store(self, draft: Draft, now: datetime) -> int:
        """Plays the draft's history, then makes what it needs, stores it and lays the given values over."""
        state, exchange = self.state, draft.exchange
        steps = max(len(draft.path) - 1, 1)
        seconds = int((draft.modified - draft.created).total_seconds())
        plan = []
        for step, row in enumerate(draft.path):
            role = Role.SELLER_MAIN if row.by is Actor.SELLER else Role.BUYER
            at = draft.created + timedelta(seconds=seconds * step // steps)
            move = self._opening_move(row, draft)
            outcome = self._outcome(exchange, move, role, at, opening=True)
            plan.append((outcome, row, role, at, exchange.status if step else None))
            exchange = outcome.exchange
        self._make_around(draft)
        for outcome, row, role, at, source in plan:
            self._stock_up(outcome.exchange, row)
            self._commit(outcome, row.move, role, at, source)
        state.put(self._given(exchange, draft, now))
        return exchange.dispute_id

    def _given(self, exchange: Exchange, draft: Draft, now: datetime) -> Exchange:
        """The exchange after its history, with what was given laid over it.

        A capture from long ago would expire on arrival: its deadline counts from now instead.  Where no
        deadline runs, a given `time_out` is shown as it was.
        """
        exchange = replace(exchange, **draft.given, modified=draft.modified)
        due = deadline(exchange, self.state.choices)
        if due is None and exchange.due is not None:
            shown = {**exchange.verbatim, "time_out": show_time(self.state.clock.shown(exchange.due))}
            return replace(exchange, due=None, verbatim=shown)
        return replace(exchange, due=None, entered=now) if due is not None and due <= now else exchange

    def _make_around(self, draft: Draft) -> None:
        """The trade, buyer and goods of a draft exist; new goods have stock."""
        state = self.state
        state.number("dispute")
        order = (draft.trade.tid, draft.trade.oid)
        if order not in state.trades:
            state.number("trade")
            state.trades[order] = draft.trade
        state.buyers.setdefault(draft.buyer.nick, draft.buyer)
        for goods in draft.goods:
            if goods.sku_id not in state.accounts:
                state.number("goods")
                state.goods[goods.name] = goods
                state.accounts[goods.sku_id] = Accounts(available=STOCK)

    def _opening_move(self, row: Row, draft: Draft) -> Move:
        given = draft.given
        names = {"logistics_no": "logistic_no", "logistics_company_name": "logistic_name"}
        side = "buyer" if row.by is Actor.BUYER else "seller"
        fields = {}
        for field in row.move.__struct_fields__:
            value = given.get(f"{side}_{names[field]}" if field in names else field)
            if value and value.strip():
                fields[field] = value
        return row.move(**fields)

    def _stock_up(self, exchange: Exchange, row: Row) -> None:
        """Opening at a later status never fails for want of stock: what is missing comes from outside."""
        if any(posting.source == "available" for posting in row.posts):
            accounts = self.state.accounts[exchange.exchange_sku]
            if accounts.available < exchange.num:
                self.state.accounts[exchange.exchange_sku] = stocked(accounts, exchange.num)

    def move(
        self, dispute_id: int, move: Move, role: Role, *, session: Session | None = None, shop: str = "",
        pictures: Mapping[str, bytes] | None = None,
    ) -> tuple[Outcome, Message]:
        """What `move` caused, the exchange after it included, and the message it left.

        `pictures` are the files that the move names.

        Raises:
            NoSuchExchange, WrongFlow, IllegalMove, ConditionFailed: nothing has changed.
        """
        with self.settled() as now:
            exchange = self.visible(dispute_id, shop)
            outcome = self._outcome(exchange, move, role, now)
            self.state.pictures.update(pictures or {})
            self._commit(outcome, type(move), role, now, exchange.status, session, move.pictures)
            return outcome, self.state.messages[dispute_id][-1]

    def _outcome(self, exchange: Exchange, move: Move, role: Role, at: datetime, *, opening: bool = False) -> Outcome:
        """What the move would cause; reads only.  An opening finds stock and lenient logistics."""
        state = self.state
        wanted = state.accounts.get(exchange.exchange_sku, Accounts())
        situation = Situation(
            exchange=exchange, move=complete(move, exchange, state),
            choices=state.choices.changed({"strict_logistics": False}) if opening else state.choices,
            available=exchange.num if opening else wanted.available,
            addresses=state.shops[exchange.shop].return_addresses(),
            reasons=stage_reasons(state, exchange),
            carriers=[carrier.name for carrier in state.carriers], waybills=state.waybills,
            fresh=opening and isinstance(move, Apply),
        )
        return play(situation, role, at)

    def _commit(
        self, outcome: Outcome, kind: type[Move], role: Role, at: datetime, source: Status | None,
        session: Session | None = None, pictures: tuple[str, ...] = (),
    ) -> Fact:
        """Stores what a move caused: accounts, exchange, waybills, fact, message."""
        state, exchange = self.state, outcome.exchange
        state.accounts.update(post(state.accounts, outcome.entries))
        state.put(exchange)
        for waybill in (exchange.buyer_logistic_no, exchange.seller_logistic_no):
            if waybill:
                state.waybills.setdefault(waybill, exchange.dispute_id)
        fact = Fact(
            number=state.number("fact"), dispute_id=exchange.dispute_id, at=at, move=kind.name(), role=role,
            source=source, target=exchange.status, rule=outcome.rule, entries=outcome.entries, cs=outcome.cs,
        )
        state.facts[exchange.dispute_id] = (*state.facts.get(exchange.dispute_id, ()), fact)
        message = self._message(exchange, outcome, role, at, session, pictures)
        state.messages[exchange.dispute_id] = (*state.messages.get(exchange.dispute_id, ()), message)
        return fact

    def _message(
        self, exchange: Exchange, outcome: Outcome, role: Role, at: datetime, session: Session | None,
        pictures: tuple[str, ...],
    ) -> Message:
        owner_id, nick, open_uid = self._owner(exchange, role, session)
        return Message(
            number=1_000_000 + self.state.number("message"), dispute_id=exchange.dispute_id, role=role,
            owner_id=owner_id, owner_nick=nick, open_uid=open_uid, content=outcome.words, created=at,
            human=outcome.human, pictures=pictures,
        )

    def _owner(self, exchange: Exchange, role: Role, session: Session | None) -> tuple[int, str, str]:
        if role is Role.BUYER:
            buyer = self.state.buyers.get(exchange.buyer_nick)
            return buyer.user_id if buyer else 0, exchange.buyer_nick, exchange.buyer_open_uid
        if role.actor is not Actor.SELLER:
            return 0, role.zh, ""
        if session is None:
            session = next(
                (s for s in self.state.sessions.values() if s.shop == exchange.shop and s.role is role), None
            )
        shop = self.state.shops[exchange.shop]
        return (session.user_id, session.nick, "") if session else (shop.seller_id, shop.nick, "")

    def put_stock(self, name: str, available: int) -> Accounts:
        """The accounts of a SKU (by goods name or id) with `available` on the shelf, against outside.

        Raises:
            BadDocument: unknown goods, or not a number from 0.
        """
        with self.settled():
            goods = self.state.goods.get(name)
            sku = goods.sku_id if goods else name
            if sku not in self.state.accounts:
                known = "、".join(self.state.goods)
                raise BadDocument("name", f"没有这个商品；可用：{known}", f"no such goods; use: {known}")
            if not 0 <= available < 2**31:
                raise BadDocument("available", "应为 0 或更大的整数", "0 or more")
            self.state.accounts[sku] = stocked(self.state.accounts[sku], available)
            return self.state.accounts[sku]

    def patch_rules(self, patch: Mapping[str, object]) -> None:
        """The rules in `patch` hold from now on; deadlines follow.

        Raises:
            BadSwitch: a name or value is wrong; none has changed.
        """
        with self.settled() as now:
            self.state.choices = self.state.choices.changed(patch)
            self.state.reindex_timers()
            self._fire(now, earliest=now)

    # snapshots

    def snapshot(self, name: str) -> State:
        """The state kept under `name`, as it is now."""
        with self.settled():
            self.snapshots[name] = self._saved()
            return self.snapshots[name]

    def _saved(self) -> State:
        """A copy whose clock is anchored at this instant."""
        real = self.directory.real()
        saved = self.state.copy()
        saved.clock = replace(saved.clock, at=saved.clock.inner(real), anchor=real if saved.clock.running else None)
        return saved

    def restore(self, name: str) -> None:
        """The state is what the snapshot kept; callers keep their tokens.

        A frozen clock shows what it showed; a running one goes on from now, everything as old as it was.

        Raises:
            BadDocument: no such snapshot; lists those there are.
        """
        with self.lock:
            saved = self.snapshots.get(name)
            if saved is None:
                known = "、".join(["baseline", "empty", *self.snapshots])
                raise BadDocument("to", f"没有这个快照；可用：{known}", f"no such snapshot; use: {known}")
            self._resume(saved, self.now)

    def reset(self, *, empty: bool = False) -> None:
        """The sandbox is as it was made, its journal empty; `empty` leaves goods, buyers and trades out."""
        with self.lock:
            self._resume(self._baseline, clock_of(self.document.clock, self.directory.real()).at)
            self.journal.clear()
            if empty:
                state = self.state
                for memory in (state.goods, state.buyers, state.trades, state.accounts):
                    memory.clear()
                for number in list(state.exchanges):
                    state.remove(number)

    def _resume(self, saved: State, now: datetime) -> None:
        current, self.state = self.state, saved.copy()
        adopt_credentials(self.state, current)
        if saved.clock.running:
            clock = saved.clock
            self.state.clock = replace(clock, anchor=self.directory.real(), aged=clock.at - now)
