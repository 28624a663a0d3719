"""A state as a document: canonical JSON, versioned, so that two snapshots can be compared line by
line.

Secrets and sessions are not in it: a restored state accepts the tokens that callers hold.
"""

import re
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import asdict, replace

from ..api.methods import METHODS
from ..domain.behaviours import PlannedAction
from ..domain.catalogue import Buyer, Carrier, Goods, Reason, Shop, Trade
from ..domain.exchange import Event, Exchange, Message
from ..domain.ledger import Accounts
from ..domain.refund import RefundProgress
from ..domain.rules import DEFAULTS, BadRule
from ..domain.vocabulary import Role, Ruleset, Status
from .clock import Clock
from .coverage import CoverageCounts
from .document import BadDocument, QuotaDocument, RobotsDocument, read_document
from .faults.fault_matching import Fault, FaultCounters, read_fault, serialize_fault
from .identity import App, Session
from .notifications import MessageGroup, Notification, Subscription
from .operation_documents import read_operations, serialize_operation
from .outbox import read_channel
from .quotas import read_quotas
from .robots import read_robots
from .snapshot_check import check_fit, check_instants
from .state import State

__all__ = ["VERSION", "SnapshotDocument", "read_snapshot", "write_snapshot"]

VERSION = 2
_READ_VERSIONS = (1, 2)  # 1 has neither operations nor coverage nor moved rows


class AppRights(Struct, frozen=True):
    """An app by its key, without its secret."""

    app_key: str
    methods: tuple[str, ...] | None = None


class SessionRights(Struct, frozen=True):
    """A session by its label, without its token."""

    label: str
    shop: str
    nick: str
    user_id: int
    role: Role
    methods: tuple[str, ...] | None = None
    expires: datetime | None = None


class SnapshotDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Everything a sandbox remembers; lists keep the order in which a sandbox shows them.

    Keys with nothing to say are left out.  `facts` are the events and `tallies` the faults'
    counters: the names of version 1 stay.  Version 2 adds `operations`, `coverage` and
    `moved_rows`.
    """

    version: int
    clock: Clock
    ruleset: Ruleset
    rules: dict[str, Any]
    apps: list[AppRights]
    sessions: list[SessionRights]
    shops: list[Shop]
    goods: list[Goods]
    buyers: list[Buyer]
    carriers: list[Carrier]
    reasons: list[Reason]
    trades: list[Trade]
    accounts: dict[str, Accounts]
    exchanges: list[Exchange]
    events: list[Event] = field(name="facts")
    messages: list[Message]
    waybills: dict[str, int]
    pictures: dict[str, bytes]
    stubs: dict[str, bytes]
    numbers: dict[str, int]
    quotas: list[QuotaDocument] = []
    robots: RobotsDocument | None = None
    planned: list[PlannedAction] = []
    faults: list[dict[str, Any]] = []
    moved_rows: dict[str, datetime] = {}
    refunds: dict[str, RefundProgress] = {}
    outbox: list[Notification] = []
    subscriptions: list[Subscription] = []
    message_groups: list[MessageGroup] = []
    operations: list[dict[str, Any]] = []
    coverage: CoverageCounts | None = None
    fault_counters: dict[str, FaultCounters] = field(name="tallies", default_factory=dict)


def _rights(methods: frozenset[str] | None) -> tuple[str, ...] | None:
    return None if methods is None else tuple(sorted(methods))


def write_snapshot(state: State) -> bytes:
    """Return the state as canonical JSON: sorted keys, two blanks of indent."""
    document = SnapshotDocument(
        version=VERSION,
        clock=state.clock,
        ruleset=state.ruleset,
        rules=state.rules.to_dict(),
        apps=[AppRights(app.app_key, _rights(app.methods)) for app in state.apps.values()],
        sessions=[
            SessionRights(s.label, s.shop, s.nick, s.user_id, s.role, _rights(s.methods), s.expires)
            for s in state.sessions.values()
        ],
        shops=list(state.shops.values()),
        goods=list(state.goods.values()),
        buyers=list(state.buyers.values()),
        carriers=list(state.carriers),
        reasons=list(state.reasons),
        trades=list(state.trades.values()),
        accounts=state.accounts,
        exchanges=[state.exchanges[number] for number in sorted(state.exchanges)],
        events=sorted(
            (event for events in state.events.values() for event in events),
            key=lambda event: event.number,
        ),
        messages=sorted(
            (message for thread in state.messages.values() for message in thread),
            key=lambda message: message.number,
        ),
        waybills=state.waybills,
        pictures=state.pictures,
        stubs=state.stubs,
        numbers=state.numbers,
        robots=state.robots,
        planned=list(state.agenda()),
        quotas=[quota.to_document() for quota in state.quotas],
        fault_counters=state.fault_counters,
        moved_rows={str(number): at for number, at in state.moved_rows.items()},
        operations=[serialize_operation(operation) for operation in state.operations],
        refunds={str(number): done for number, done in state.refunds.items()},
        coverage=state.covered,
        outbox=[replace(one, sent=None) for one in state.outbox.values()],
        subscriptions=list(state.subscriptions.values()),
        message_groups=list(state.message_groups.values()),
        faults=[{"id": fault.id, **serialize_fault(fault)} for fault in state.faults.values()],
    )
    return msgspec.json.format(msgspec.json.encode(document, order="deterministic"), indent=2)


def read_snapshot(raw: object) -> State:
    """Return the state that a snapshot document describes.

    Raises:
        BadDocument: another version, an unknown key, a wrong type, or parts that do not fit
        together;
            names the field.
    """
    document = read_document(raw, SnapshotDocument)
    if document.version not in _READ_VERSIONS:
        raise BadDocument("version", "只支持版本 1 和 2", "only versions 1 and 2 are supported")
    try:
        state = State(document.clock, DEFAULTS.with_changes(document.rules), document.ruleset)
    except BadRule as wrong:
        raise BadDocument(f"rules.{wrong.name}", wrong.zh, wrong.en) from None
    check_instants(document)
    if not document.clock.is_valid():
        raise BadDocument(
            "clock.aged", "超出独立环境能显示的年份", "beyond the years that a sandbox can show"
        )
    state.apps = {a.app_key: App(a.app_key, "", _set(a.methods)) for a in document.apps}
    state.sessions = {
        s.label: Session(
            s.label, s.label, s.shop, s.nick, s.user_id, s.role, _set(s.methods), s.expires
        )
        for s in document.sessions
    }
    state.shops = {shop.nick: shop for shop in document.shops}
    state.goods = {goods.name: goods for goods in document.goods}
    state.buyers = {buyer.nick: buyer for buyer in document.buyers}
    state.carriers, state.reasons = tuple(document.carriers), tuple(document.reasons)
    state.trades = {trade.oid: trade for trade in document.trades}
    for name in ("accounts", "waybills", "pictures", "stubs", "numbers"):
        setattr(state, name, dict(asdict(document)[name]))
    for exchange in document.exchanges:
        state.put(exchange)
    for event in document.events:
        state.events[event.dispute_id] = (*state.events.get(event.dispute_id, ()), event)
    for message in document.messages:
        state.messages[message.dispute_id] = (*state.messages.get(message.dispute_id, ()), message)
    state.quotas = read_quotas(document.quotas, (*METHODS, *state.stubs), state.apps)
    if document.robots is not None:
        state.robots = read_robots(document.robots, "robots.")
    for plan in document.planned:
        state.plan(plan.dispute_id, (*state.plans.get(plan.dispute_id, ()), plan))
    state.faults = {fault.id: fault for fault in _faults(document, (*METHODS, *state.stubs))}
    state.fault_counters = {
        fault_id: counters
        for fault_id, counters in document.fault_counters.items()
        if fault_id in state.faults
    }
    state.look_back()
    check_fit(state, document.exchanges, document.sessions)
    state.operations = read_operations(document.operations, state)
    check_instants(state.operations, "operations")
    for number, modified in document.moved_rows.items():
        if not number.isdecimal() or int(number) not in state.exchanges:
            raise BadDocument("moved_rows", f"没有换货单 {number}", f"no exchange {number}")
        state.show_moved(int(number), modified)
    for number, progress in document.refunds.items():
        turned = state.exchanges.get(int(number)) if number.isdecimal() else None
        if turned is None or turned.status is not Status.TO_REFUND:
            raise BadDocument("refunds", f"没有这张退款 {number}", f"no such refund: {number}")
        state.refunds[int(number)] = progress
    read_channel(state, document.outbox, document.subscriptions, document.message_groups)
    state.covered = document.coverage
    if state.covered is not None and not state.covered.rows_exist(state.table):
        raise BadDocument("coverage.moves", "没有这个规则行", "no such row")
    return state


def _faults(document: SnapshotDocument, methods: Collection[str]) -> Iterator[Fault]:
    """Yield the planned faults; refuse an id that is no fault's, or stands twice."""
    ids: set[str] = set()
    for place, raw in enumerate(document.faults):
        path = f"faults[{place}]"
        fault_id = raw.get("id")
        if (
            not isinstance(fault_id, str)
            or not re.fullmatch(r"f\d{1,9}", fault_id, re.ASCII)
            or fault_id in ids
        ):
            raise BadDocument(
                f"{path}.id",
                "缺少、重复或不是故障编号",
                "missing, repeated, or not the id of a fault",
            )
        ids.add(fault_id)
        try:
            fault = read_fault({key: value for key, value in raw.items() if key != "id"}, methods)
        except BadDocument as wrong:
            raise BadDocument(f"{path}.{wrong.field}", wrong.zh, wrong.en) from None
        if isinstance(fault.until, timedelta):
            raise BadDocument(f"{path}.until", "应为时刻", "an instant is wanted")
        yield replace(fault, id=fault_id)


def _set(methods: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if methods is None else frozenset(methods)
