"""Evaluate a move on a state, then record what it caused.

The model.  A transition has two halves.  `evaluate` collects what the table's conditions may look
at (the exchange, the move with its defaults filled in, rules, stock, addresses, carriers,
waybills), asks `domain.play` for the outcome, and returns it as a `Transition`; it reads only, and
raises what refuses the move.  `record` writes a transition that has been evaluated: stock accounts,
exchange, waybills, one event, one message, one operation, the notifications of the message
channel; it cannot fail.

Why.  "Check all, then change all": a refused move leaves no trace, and several moves that belong
together (the history of an opening) are all evaluated before the first is recorded.

Openings are lenient: they find stock, and conditions of logistics are not strict for them, since a
captured exchange shows what has been possible.

What would break.  A condition that `record` checked would leave half a move behind; an event
without its message or operation would make the timeline, `messages.get` and a recorded scenario
disagree.
"""

from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from ..domain.catalogue import Carrier, list_accepted_names
from ..domain.conditions import Situation
from ..domain.exchange import Event, Exchange, Message, Outcome
from ..domain.ledger import Accounts, post_entries
from ..domain.moves import Apply, Move
from ..domain.play import play
from ..domain.vocabulary import Actor, Role, Status
from .identity import Session
from .move_defaults import fill_defaults, stage_reasons
from .operations import Moved
from .outbox import publish
from .state import State
from .write_history import remember

__all__ = ["Transition", "evaluate", "next_message_number", "record"]

_FIRST_MESSAGE = 1_000_000  # message ids stay below 2^53


class Transition(Struct, frozen=True, kw_only=True):
    """A move that has been weighed and can be recorded; `source` is None for an application.

    `opening` is True for a move of an opening's history.
    """

    outcome: Outcome
    move: Move
    role: Role
    at: datetime
    source: Status | None
    opening: bool = False


def evaluate(
    state: State, exchange: Exchange, move: Move, *, role: Role, at: datetime, opening: bool = False
) -> Transition:
    """Return what the move would cause, and change nothing.

    With `opening` the move is part of an opening's history: there is stock for it, and waybills
    are not checked.

    Raises:
        WrongRuleset, IllegalMove, ConditionFailed: the move cannot be made.
    """
    accounts = state.accounts.get(exchange.exchange_sku, Accounts())
    is_new = opening and isinstance(move, Apply)
    situation = Situation(
        exchange=exchange,
        move=fill_defaults(move, exchange, state),
        rules=state.rules.with_changes({"strict_logistics": False}) if opening else state.rules,
        available=exchange.num if opening else accounts.available,
        addresses=state.shops[exchange.shop].return_addresses(),
        reasons=stage_reasons(state, exchange),
        carriers=_carrier_names(state.carriers),
        waybills=state.waybills,
        is_new=is_new,
    )
    return Transition(
        outcome=play(situation, role, at, state.table),
        move=situation.move,
        role=role,
        at=at,
        source=None if is_new else exchange.status,
        opening=opening,
    )


@lru_cache(64)  # asked for by every move
def _carrier_names(carriers: tuple[Carrier, ...]) -> frozenset[str]:
    return frozenset(list_accepted_names(carriers))


def record(
    state: State, step: Transition, session: Session | None = None, *, opening: bool = False
) -> Event:
    """Write what the transition caused into the state and return its event.

    `session` is the account that acted, if one did.  All steps of an `opening` are one write
    together, so the caller saves the past state for them.
    """
    outcome, exchange = step.outcome, step.outcome.exchange
    if not opening:
        remember(state, exchange.dispute_id, step.at)
    state.accounts.update(post_entries(state.accounts, outcome.entries))
    for sku in (exchange.bought_sku, exchange.exchange_sku):
        state.accounts.setdefault(sku, Accounts())  # goods that a buyer asks for and nobody has
    state.put(exchange, modified=state.table.rows_by_name[outcome.rule].changes_modified)
    for waybill in (exchange.buyer_logistic_no, exchange.seller_logistic_no):
        if waybill:
            state.waybills.setdefault(waybill, exchange.dispute_id)
    event = Event(
        number=state.number("fact"),  # as snapshot documents name it
        dispute_id=exchange.dispute_id,
        at=step.at,
        move=step.move.name(),
        role=step.role,
        source=step.source,
        target=exchange.status,
        rule=outcome.rule,
        entries=outcome.entries,
        cs=outcome.cs,
    )
    state.events[exchange.dispute_id] = (*state.events.get(exchange.dispute_id, ()), event)
    if not step.opening and step.role is not Role.TIMEOUT:
        state.operations.append(Moved(event.number, step.at, step.move))
    said = _message(state, step, session)
    state.messages[exchange.dispute_id] = (*state.messages.get(exchange.dispute_id, ()), said)
    if not opening:
        publish(state, event, exchange)
    return event


def next_message_number(state: State) -> int:
    """Return the id of the next message, of an exchange or a refund."""
    return _FIRST_MESSAGE + state.number("message")


def _message(state: State, step: Transition, session: Session | None) -> Message:
    outcome = step.outcome
    owner_id, nick, open_uid = _owner(state, outcome.exchange, step.role, session)
    return Message(
        number=next_message_number(state),
        dispute_id=outcome.exchange.dispute_id,
        role=step.role,
        owner_id=owner_id,
        owner_nick=nick,
        open_uid=open_uid,
        content=outcome.message_text,
        created=step.at,
        human=outcome.human,
        pictures=step.move.pictures,
    )


def _owner(
    state: State, exchange: Exchange, role: Role, session: Session | None
) -> tuple[int, str, str]:
    """Id, nick and open_uid of who wrote; customer service and system have only their name."""
    if role is Role.BUYER:
        buyer = state.buyers.get(exchange.buyer_nick)
        return buyer.user_id if buyer else 0, exchange.buyer_nick, exchange.buyer_open_uid
    if role.actor is not Actor.SELLER:
        return 0, role.zh, ""
    if session is None:
        session = next(
            (s for s in state.sessions.values() if s.shop == exchange.shop and s.role is role), None
        )
    shop = state.shops[exchange.shop]
    return (session.user_id, session.nick, "") if session else (shop.seller_id, shop.nick, "")
