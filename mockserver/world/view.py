"""The read side of one sandbox's state.

Everything outside `world/` reads through `WorldView` and changes through the verbs of `World`.  A
view never hands out a dict of the state, only immutable values and live collections of them, so no
reader can change a sandbox, and a store other than memory can stand behind the same methods.
"""

from collections.abc import Callable, Iterator, Sequence, ValuesView
from datetime import datetime

from msgspec.structs import replace

from ..domain.catalogue import Buyer, Carrier, Goods, Reason, Shop, Trade
from ..domain.errors import NoSuchExchange
from ..domain.exchange import Event, Exchange, Message
from ..domain.ledger import Accounts
from ..domain.moves import Move
from ..domain.refund import Refund, refund_of
from ..domain.rules import RuleValues
from ..domain.table_index import TableIndex
from ..domain.vocabulary import Role, Ruleset
from .clock import Clock
from .document import RobotsDocument
from .faults.fault_matching import Fault, FaultCounters
from .identity import App, Session
from .listing import ExchangeFilter, list_exchanges
from .notifications import MessageGroup, Notification, Subscription
from .operations import Operation
from .quotas import Quota
from .state import State
from .transitions import Transition, evaluate
from .write_history import restore_earlier

__all__ = ["WorldView"]


class WorldView:
    """Read-only view of a sandbox as it is now; `copy()` gives one that no longer changes.

    After a reset or a restore ask the world for its new view.  Instants are inner time (see
    clock.py). Open a unit of work to read several things of one moment.
    """

    __slots__ = ("_state",)

    def __init__(self, state: State) -> None:
        self._state = state

    def copy(self) -> "WorldView":
        """Return a view of the present state that later changes do not reach."""
        return WorldView(self._state.copy())

    # settings

    @property
    def rules(self) -> RuleValues:
        """The rules that hold now."""
        return self._state.rules

    @property
    def ruleset(self) -> Ruleset:
        """The ruleset of exchanges that name none."""
        return self._state.ruleset

    @property
    def table(self) -> TableIndex:
        """The table by which exchanges move."""
        return self._state.table

    @property
    def clock(self) -> Clock:
        """The sandbox's clock."""
        return self._state.clock

    @property
    def seed(self) -> int:
        """The seed from which names, ids and chances are drawn."""
        return self._state.numbers["seed"]

    @property
    def robots(self) -> RobotsDocument | None:
        """The robots that act, None without any."""
        return self._state.robots

    @property
    def quotas(self) -> tuple[Quota, ...]:
        """The quotas of calls, in the order in which they are checked."""
        return self._state.quotas

    @property
    def operations(self) -> Sequence[Operation]:
        """What was done to the sandbox, oldest first."""
        return tuple(self._state.operations)

    @property
    def deadline_count(self) -> int:
        """How many deadlines are coming."""
        return self._state.timer_count

    @property
    def operation_count(self) -> int:
        """How many operations there are."""
        return len(self._state.operations)

    @property
    def newest_operation(self) -> Operation | None:
        """The operation that was done last, None before the first."""
        return self._state.operations[-1] if self._state.operations else None

    @property
    def exchange_count(self) -> int:
        """How many exchanges there are."""
        return len(self._state.exchanges)

    def faults(self) -> ValuesView[Fault]:
        """Return the planned faults in the order in which they are tried."""
        return self._state.faults.values()

    def fault_counters(self, fault_id: str) -> FaultCounters:
        """Return how often the fault met a call and triggered; zeros for one that never did."""
        return self._state.fault_counters.get(fault_id, FaultCounters())

    def stub(self, method: str) -> bytes | None:
        """Return the canned reply of `method` as JSON, None without one."""
        return self._state.stubs.get(method)

    def stubbed_methods(self) -> tuple[str, ...]:
        """Return the methods that have a canned reply."""
        return tuple(self._state.stubs)

    def notifications(self) -> ValuesView[Notification]:
        """Return the messages that the channel keeps, oldest first."""
        return self._state.outbox.values()

    def channel_setup(self) -> tuple[Subscription | MessageGroup, ...]:
        """Return what was changed of who gets which messages in which queue."""
        state = self._state
        return (*state.subscriptions.values(), *state.message_groups.values())

    @property
    def channel_counts(self) -> object:
        """A value that changes with the message channel: what is queued, sent, permitted.

        It costs the same however many messages are kept: pages ask for it every two seconds.
        """
        state = self._state
        return (
            state.queues.digest,
            len(state.outbox),
            next(reversed(state.outbox), 0),
            self.channel_setup(),
        )

    @property
    def channel_revision(self) -> object:
        """A value that changes when the message channel may have something new to send."""
        return self._state.queues.revision, self._state.clock

    # callers

    def apps(self) -> ValuesView[App]:
        """Return the apps, the first one first."""
        return self._state.apps.values()

    def app(self, app_key: str) -> App | None:
        """Return the app with this key."""
        return self._state.apps.get(app_key)

    def sessions(self) -> ValuesView[Session]:
        """Return the sessions, the first shop's main account first."""
        return self._state.sessions.values()

    def session(self, token: str) -> Session | None:
        """Return the session with this token; one that was issued has its account's rights."""
        own = self._state.sessions.get(token)
        issued = None if own else self._state.authorizations.sessions.get(token)
        if issued is None:
            return own
        sessions = self._state.sessions.values()
        account = next((one for one in sessions if one.label == issued.label), None)
        if account is None:
            return None
        ends = [end for end in (issued.expires, account.expires) if end is not None]
        return replace(account, token=token, expires=min(ends))

    def issued_secrets(self) -> Iterator[str]:
        """Yield every code, access token and refresh token that was issued."""
        issued = self._state.authorizations
        for tokens in (issued.codes, issued.sessions, issued.grants):
            yield from tokens

    # catalogue

    def shops(self) -> ValuesView[Shop]:
        """Return the shops, the first one first."""
        return self._state.shops.values()

    def shop(self, nick: str) -> Shop:
        """Return the shop of this nick.  Raises KeyError: there is none."""
        return self._state.shops[nick]

    def goods(self) -> ValuesView[Goods]:
        """Return all goods in the order of the world document."""
        return self._state.goods.values()

    def goods_named(self, name: str) -> Goods | None:
        """Return the goods that scenarios and world documents call `name`."""
        return self._state.goods.get(name)

    def goods_of_sku(self, sku_id: str) -> Goods | None:
        """Return the goods with this SKU."""
        return next((goods for goods in self._state.goods.values() if goods.sku_id == sku_id), None)

    def accounts(self, sku_id: str) -> Accounts:
        """Return the stock accounts of a SKU; empty ones for a SKU that the sandbox never had."""
        return self._state.accounts.get(sku_id, Accounts())

    def stock(self) -> Iterator[tuple[str, Accounts]]:
        """Return every SKU with its stock accounts."""
        return iter(self._state.accounts.items())

    def buyer(self, nick: str) -> Buyer | None:
        """Return the buyer of this nick."""
        return self._state.buyers.get(nick)

    def trades(self) -> ValuesView[Trade]:
        """Return the sub-orders of all trades."""
        return self._state.trades.values()

    def trade_of_order(self, oid: int) -> Trade | None:
        """Return the sub-order with this number."""
        return self._state.trades.get(oid)

    def waybill_user(self, waybill: str) -> int | None:
        """Return the exchange or sub-order that used the waybill first, None if none did."""
        return self._state.waybills.get(waybill)

    @property
    def carriers(self) -> tuple[Carrier, ...]:
        """The logistics companies."""
        return self._state.carriers

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons of refusals."""
        return self._state.reasons

    def picture(self, name: str) -> bytes | None:
        """Return the content of an uploaded picture."""
        return self._state.pictures.get(name)

    def pictures(self) -> dict[str, bytes]:
        """Return a copy of all uploaded pictures by name."""
        return dict(self._state.pictures)

    # exchanges

    def exchanges(self) -> ValuesView[Exchange]:
        """Return all exchanges in the order in which they were opened."""
        return self._state.exchanges.values()

    def exchange_of_order(self, oid: int) -> Exchange | None:
        """Return the exchange of a sub-order that was opened last."""
        exchanges = reversed(self._state.exchanges.values())
        return next((exchange for exchange in exchanges if exchange.oid == oid), None)

    def has_exchange(self, dispute_id: int) -> bool:
        """Return True if the sandbox has this exchange."""
        return dispute_id in self._state.exchanges

    def exchange(self, dispute_id: int, shop: str = "") -> Exchange:
        """Return the exchange; `shop` is the seller who asks, empty for anybody.

        Raises:
            NoSuchExchange: unknown, or another seller's.
        """
        exchange = self._state.exchanges.get(dispute_id)
        if exchange is None or (shop and exchange.shop != shop):
            raise NoSuchExchange(dispute_id)
        return exchange

    def read_exchange(self, dispute_id: int, shop: str) -> Exchange:
        """Return the exchange as a call that reads shows it.  Raises NoSuchExchange."""
        return self._state.as_read(self.exchange(dispute_id, shop))

    def newest_modified(self) -> datetime:
        """Return the newest `modified` that reads show."""
        return max(self._state.as_read(row).modified for row in self._state.exchanges.values())

    def refund_of(self, exchange: Exchange) -> Refund | None:
        """Return the refund that the exchange turned into, None while it is no refund."""
        return refund_of(exchange, self._state.refunds.get(exchange.dispute_id))

    def list_exchanges(
        self, filters: ExchangeFilter, page_no: int, page_size: int
    ) -> tuple[int, list[Exchange]]:
        """Return how many exchanges match, and page `page_no` (from 1) of them, newest first."""
        return list_exchanges(self._state, filters, page_no, page_size)

    def timeline(self, dispute_id: int) -> tuple[Event, ...]:
        """Return the events of an exchange, oldest first; none for an unknown one."""
        return self._state.events.get(dispute_id, ())

    def events(self) -> list[Event]:
        """Return the events of all exchanges by number."""
        events = (event for timeline in self._state.events.values() for event in timeline)
        return sorted(events, key=lambda event: event.number)

    @property
    def last_event(self) -> int:
        """The number of the newest event, 0 before the first."""
        return self._state.last_event

    def messages(self, dispute_id: int) -> tuple[Message, ...]:
        """Return the messages of an exchange, oldest first; none for an unknown one."""
        return self._state.messages.get(dispute_id, ())

    # other moments and other eyes, for faults of reads

    def before(self, *, writes: int = 0, since: datetime | None = None) -> "WorldView":
        """Return the sandbox before the last `writes` writes, or before those after `since`
        (inner)."""
        return WorldView(restore_earlier(self._state, writes=writes, since=since))

    def with_exchanges(self, change: Callable[[Exchange], Exchange | None]) -> "WorldView":
        """Return a view whose exchanges are what `change` makes of each; None leaves one out."""
        state = self._state.copy()
        for exchange in self._state.exchanges.values():
            changed = change(state.as_read(exchange))
            if changed is None:
                state.drop(exchange.dispute_id)
            elif changed is not exchange:
                state.put(changed)
        return WorldView(state)

    # what is coming

    def next_event(self) -> datetime | None:
        """Return the instant of the first deadline or planned robot action, None if none is
        coming."""
        return self._state.next_event()

    def evaluate(self, exchange: Exchange, move: Move, *, role: Role, at: datetime) -> Transition:
        """Return what the move would cause at `at`, without making it.

        Raises:
            WrongRuleset, IllegalMove, ConditionFailed: it cannot be made.
        """
        return evaluate(self._state, exchange, move, role=role, at=at)
