"""Robots: buyer, courier and customer service that act by themselves when the clock moves.

A robot plans anew after every move of an exchange, after an opening, and when robots are set. The
plan is drawn from the sandbox's seed, the dispute id and the number of moves so far, so neither
other exchanges nor the steps of the clock change it.  At its instant the move is evaluated like
anybody's; if it is not possible, the party's next choice takes its place.  Behaviours:
domain/behaviours.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from types import MappingProxyType

from msgspec.structs import replace

from ..domain.behaviours import (
    ANOTHER_SKU,
    BEHAVIOURS,
    MAX_MODIFICATIONS,
    WAYBILL_PLACEHOLDER,
    Action,
    Behaviour,
    Party,
    PlannedAction,
)
from ..domain.catalogue import list_accepted_names
from ..domain.durations import parse_duration
from ..domain.errors import DomainError
from ..domain.exchange import Event, Exchange
from ..domain.moves import Apply, AskCs, LeaveMessage, Modify, Move, ShipBack
from ..domain.play import deadline
from ..domain.vocabulary import IN_HAND, Role, Status
from .document import BadDocument, RobotsDocument, unknown_name
from .state import State
from .transitions import Transition, evaluate, record

__all__ = [
    "carry_out_plan",
    "make_dice",
    "plan_application",
    "read_robots",
    "replan",
    "replan_after",
    "set_robots",
]

_ROLES: Mapping[Party, Role] = MappingProxyType(
    {  # no row of the table is a courier's: its note is the sender's
        Party.BUYER: Role.BUYER,
        Party.COURIER: Role.BUYER,
        Party.CS: Role.CS,
    }
)


def read_robots(robots: RobotsDocument, path: str = "") -> RobotsDocument | None:
    """Return the robots that a document sets, None if it sets none; `path` prefixes an error's
    field.

    Raises:
        BadDocument: no such policy (lists them), or no such pace.
    """
    for party in Party:
        name = getattr(robots, party.value)
        if name is not None and name not in BEHAVIOURS:
            raise unknown_name(f"{path}{party}", name[:50], BEHAVIOURS, what="策略")
    if robots.applies is not None and not _pace(robots.applies):
        raise BadDocument(
            f"{path}applies", "应为时长，至少 1m，例如 2h", "a duration of 1m or more, such as 2h"
        )
    return None if robots == RobotsDocument() else robots


def _pace(text: str) -> timedelta | None:
    try:
        span = parse_duration(text)
    except ValueError:
        return None
    return span if span >= timedelta(minutes=1) else None


def set_robots(state: State, robots: RobotsDocument | None, now: datetime) -> None:
    """Let these robots act from `now` (inner) on, and no others; all exchanges are planned anew."""
    state.robots = robots
    plan_application(state, now)
    for dispute_id in state.exchanges:
        replan(state, dispute_id, now)


def plan_application(state: State, now: datetime) -> None:
    """Plan the next application, if buyers come by themselves: within twice their pace."""
    pace = _pace(state.robots.applies) if state.robots and state.robots.applies else None
    if pace is None:
        state.plan(0, ())
        return
    chance = make_dice(state, "pace", state.numbers.get("application", 0)).random()
    at = now + timedelta(seconds=1 + int(chance * 2 * pace.total_seconds()))
    state.plan(0, (PlannedAction(at, 0, Party.BUYER, Apply.name()),))


def replan(state: State, dispute_id: int, now: datetime) -> None:
    """Make each robot's plan for the exchange anew; delays count from `now` (inner)."""
    exchange = state.exchanges[dispute_id]
    plans = (_make_plan(state, exchange, party, now) for party in Party)
    state.plan(dispute_id, tuple(plan for plan in plans if plan is not None))


def replan_after(state: State, event: Event) -> None:
    """Plan anew after an event; a message changes no plan."""
    if state.robots and event.move != LeaveMessage.name():
        replan(state, event.dispute_id, event.at)


def carry_out_plan(state: State, plan: PlannedAction) -> tuple[Event, ...]:
    """Carry out a plan whose instant has come, and drop it; return its event, none if nothing is
    possible."""
    others = tuple(other for other in state.plans[plan.dispute_id] if other != plan)
    state.plan(plan.dispute_id, others)
    intended = _choose(state, state.exchanges[plan.dispute_id], plan.party, plan.at)
    if intended is None:
        return ()
    _, step = intended
    event = record(state, step)
    replan_after(state, event)
    return (event,)


def _make_plan(
    state: State, exchange: Exchange, party: Party, now: datetime
) -> PlannedAction | None:
    intended = _choose(state, exchange, party, now)
    if intended is None:
        return None
    choice, step = intended
    start: datetime | None = now
    if party is Party.BUYER and exchange.status is Status.WAIT_BUYER_CONFIRM:
        start = _arrival(state, exchange, now)
    if start is None:
        return None
    return PlannedAction(
        _draw_instant(state, exchange, party, choice, start),
        exchange.dispute_id,
        party,
        step.move.name(),
    )


def _choose(
    state: State, exchange: Exchange, party: Party, at: datetime
) -> tuple[Action, Transition] | None:
    """Return the first possible choice, in the drawn order, and its step; None if the party does
    nothing."""
    choices = _list_choices(state, exchange, party)
    for choice in _shuffle(state, exchange, party, choices) if choices else ():
        if choice.move is None:
            return None
        step = _evaluate_choice(state, exchange, choice.move, _ROLES[party], at)
        if step is not None:
            return choice, step
    return None


def _policy(state: State, party: Party) -> Behaviour | None:
    """Return how the party behaves, None if no robot plays it."""
    name = getattr(state.robots, party.value) if state.robots else None
    return None if name is None else BEHAVIOURS[name]


def _list_choices(state: State, exchange: Exchange, party: Party) -> tuple[Action, ...]:
    """Return what the party may do now; a buyer waits while customer service has the case in
    hand."""
    policy = _policy(state, party)
    if policy is None:
        return ()
    if party is Party.CS:
        return policy.cs.get(exchange.cs_status, ())
    if party is Party.COURIER:
        return policy.courier if exchange.status is Status.WAIT_SELLER_CONFIRM else ()
    return () if exchange.cs_status in IN_HAND else policy.buyer.get(exchange.status, ())


def _evaluate_choice(
    state: State, exchange: Exchange, move: Move, role: Role, at: datetime
) -> Transition | None:
    """Return the step of a move, None if it is not possible or a robot must not make it.

    No robot asks customer service to step in if no robot plays it, since the case would hang.
    """
    events = state.events[exchange.dispute_id]
    if isinstance(move, AskCs) and _policy(state, Party.CS) is None:
        return None
    if (
        isinstance(move, Modify)
        and sum(event.move == Modify.name() for event in events) >= MAX_MODIFICATIONS
    ):
        return None
    completed = _complete_move(state, exchange, move)
    if len(completed.message_text.encode()) > state.rules.number("message_max_bytes"):
        return None
    try:
        return evaluate(state, exchange, completed, role=role, at=at)
    except DomainError:
        return None


def _complete_move(state: State, exchange: Exchange, move: Move) -> Move:
    """Return the move with what only the sandbox knows: a carrier of its list, other goods, a
    waybill."""
    if isinstance(move, ShipBack):
        carriers = list(list_accepted_names(state.carriers))
        if move.logistics_company_name in carriers or not carriers:
            return move
        return replace(move, logistics_company_name=carriers[0])
    if isinstance(move, Modify) and move.exchange_sku == ANOTHER_SKU:
        others = [
            goods.sku_id for goods in state.goods.values() if goods.sku_id != exchange.exchange_sku
        ]
        place = _count_moves(state, exchange)
        return replace(move, exchange_sku=others[place % len(others)] if others else "")
    if isinstance(move, LeaveMessage):
        return replace(
            move, content=move.content.replace(WAYBILL_PLACEHOLDER, exchange.buyer_logistic_no)
        )
    return move


def _arrival(state: State, exchange: Exchange, now: datetime) -> datetime | None:
    """Return when the replacement that was sent at `now` reaches the buyer.

    Without a courier robot it is there at once; None means that the courier loses it.
    """
    policy = _policy(state, Party.COURIER)
    if policy is None:
        return now
    choice = _shuffle(state, exchange, Party.COURIER, policy.courier)[0]
    if choice.move is None:
        return None
    return _draw_instant(state, exchange, Party.COURIER, choice, now)


def _draw_instant(
    state: State, exchange: Exchange, party: Party, choice: Action, start: datetime
) -> datetime:
    """Return when the choice is carried out, not before `start`."""
    delay = choice.delay
    least = int(delay.least.total_seconds())
    most = int(delay.most.total_seconds())
    chance = _make_exchange_dice(state, exchange, f"{party} delay").random()
    span = timedelta(seconds=least + int(chance * (most - least + 1)))
    due = deadline(exchange, state.rules, state.table) if delay.ending else None
    return start + span if due is None else max(start, due - span)


def _shuffle(
    state: State, exchange: Exchange, party: Party, choices: Sequence[Action]
) -> list[Action]:
    """Return the choices in a drawn order: each comes first as often as its weight says."""
    chance = _make_exchange_dice(state, exchange, party)
    return sorted(choices, key=lambda choice: chance.random() ** (1 / choice.weight), reverse=True)


def _make_exchange_dice(state: State, exchange: Exchange, purpose: str) -> Random:
    """Return chance that is the same for the same exchange, number of moves, and purpose."""
    return make_dice(state, exchange.dispute_id, _count_moves(state, exchange), purpose)


def make_dice(state: State, *purpose: object) -> Random:
    """Return chance that is the same for the same seed and purpose."""
    seed = "|".join(map(str, (state.numbers["seed"], *purpose)))
    return Random(seed)  # noqa: S311  # it has to replay, it is no secret


def _count_moves(state: State, exchange: Exchange) -> int:
    """Return how many moves the exchange has made, without messages."""
    return sum(event.move != LeaveMessage.name() for event in state.events[exchange.dispute_id])
