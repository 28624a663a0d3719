"""Open and store exchanges: play their history on the state, make what they need, apply the user's
values.

All steps are evaluated before any is recorded, so a refused opening leaves nothing behind.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from ..domain.exchange import Exchange
from ..domain.ledger import Accounts, set_available
from ..domain.moves import Move
from ..domain.play import deadline
from ..domain.table import Row
from ..domain.vocabulary import Actor
from ..protocol.shapes import format_time
from .opening_draft import Draft, draft_exchange
from .operations import Opened
from .outbox import is_recent, publish
from .state import State
from .transitions import Transition, evaluate, record
from .world_factory import STOCK
from .write_history import remember

__all__ = ["open_exchanges"]

_LOGISTICS = {"logistics_no": "logistic_no", "logistics_company_name": "logistic_name"}


def open_exchanges(
    state: State, fields: Mapping[str, object], now: datetime, count: int = 1
) -> list[Exchange]:
    """Open `count` exchanges from wire names (see opening_document.py) and return them as stored.

    `now` is inner.

    Raises:
        BadDocument: a field is unknown, wrong, or taken.
        DomainError: the history cannot be played, e.g. a shop without return address agreed.
    """
    number = state.last_event
    exchanges = [_store(state, draft_exchange(fields, state, now), now) for _ in range(count)]
    dispute_ids = tuple(exchange.dispute_id for exchange in exchanges)
    state.operations.append(Opened(number, now, dict(fields), state.clock.aged, dispute_ids))
    return exchanges


def _store(state: State, draft: Draft, now: datetime) -> Exchange:
    plan = _evaluate_history(state, draft)
    _store_surroundings(state, draft)
    remember(state, draft.exchange.dispute_id, now)
    for row, step in zip(draft.path, plan, strict=True):
        _stock_up(state, step.outcome.exchange, row)
        event = record(state, step, opening=True)
        if is_recent(state, event.at, now):  # what is older is no longer in any queue
            publish(state, event, step.outcome.exchange)
    exchange = _apply_values(state, plan[-1].outcome.exchange, draft, now)
    state.put(exchange)
    return exchange


def _evaluate_history(state: State, draft: Draft) -> list[Transition]:
    """Return the steps of the history, spread evenly from `created` to `modified`."""
    exchange = draft.exchange
    plan = []
    steps = max(len(draft.path) - 1, 1)
    seconds = int((draft.modified - draft.created).total_seconds())
    for place, row in enumerate(draft.path):
        at = draft.created + timedelta(seconds=seconds * place // steps) if place else draft.created
        role = row.by.main_role
        step = evaluate(state, exchange, _move(row, draft), role=role, at=at, opening=True)
        plan.append(step)
        exchange = step.outcome.exchange
    return plan


def _move(row: Row, draft: Draft) -> Move:
    """Return the row's move with the fields that the user set for it."""
    side = "buyer" if row.by is Actor.BUYER else "seller"
    fields = {}
    for field in row.move.__struct_fields__:
        value = draft.values.get(f"{side}_{_LOGISTICS[field]}" if field in _LOGISTICS else field)
        if value and value.strip():
            fields[field] = value
    return row.move(**fields)


def _store_surroundings(state: State, draft: Draft) -> None:
    """Store the trade, buyer and goods of a draft where they are new; new goods get stock."""
    state.number("dispute")
    if draft.trade.oid not in state.trades:
        state.number("trade")
        state.trades[draft.trade.oid] = draft.trade
    state.buyers.setdefault(draft.buyer.nick, draft.buyer)
    for goods in draft.goods:
        if goods.sku_id not in state.accounts:
            state.number("goods")
            state.goods[goods.name] = goods
            state.accounts[goods.sku_id] = Accounts(available=STOCK)


def _stock_up(state: State, exchange: Exchange, row: Row) -> None:
    """Add the stock that a step lacks: opening at a later status never fails because stock is
    short."""
    if any(posting.source == "available" for posting in row.postings):
        accounts = state.accounts[exchange.exchange_sku]
        if accounts.available < exchange.num:
            state.accounts[exchange.exchange_sku] = set_available(accounts, exchange.num)


def _apply_values(state: State, exchange: Exchange, draft: Draft, now: datetime) -> Exchange:
    """Return the exchange after its history with the user's values.

    A capture from long ago would expire at once: its deadline counts from now instead.  Where no
    deadline runs, the `time_out` that the user set is shown as it was.
    """
    exchange = replace(exchange, **draft.values, modified=draft.modified)
    due = deadline(exchange, state.rules, state.table)
    if due is None and exchange.due is not None:
        time_out = format_time(state.clock.show(exchange.due))
        return replace(
            exchange, due=None, verbatim={**(exchange.verbatim or {}), "time_out": time_out}
        )
    return replace(exchange, due=None, entered=now) if due is not None and due <= now else exchange
