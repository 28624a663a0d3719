"""Robots: buyer, courier and customer service that act by themselves when the clock moves.

A plan is made when a stage of an exchange begins: after a move, an opening, or the setting of robots.
It is drawn from the sandbox's seed, the dispute id and the moves so far, so neither other exchanges nor
the steps of the clock change it.  When its instant comes the move is weighed like anybody's; what cannot be
played gives way to the party's next choice.  Policies: domain/policies.py.
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
    {  # the table knows no courier: its note stands in the sender's name
        Party.BUYER: Role.BUYER,
        Party.COURIER: Role.BUYER,
        Party.CS: Role.CS,
    }
)


def read_robots(given: RobotsDocument, inside: str = "") -> RobotsDocument | None:
    """The robots that a document sets, None for none at all; `inside` leads to it in an error's field.

    Raises:
        BadDocument: no such policy (lists them), or no such pace.
    """
    for party in Party:
        name = getattr(given, party.value)
        if name is not None and name not in BEHAVIOURS:
            raise unknown_name(f"{inside}{party}", name[:50], BEHAVIOURS, what="策略")
    if given.applies is not None and not _pace(given.applies):
        raise BadDocument(
            f"{inside}applies", "应为时长，至少 1m，例如 2h", "a duration of 1m or more, such as 2h"
        )
    return None if given == RobotsDocument() else given


def _pace(text: str) -> timedelta | None:
    try:
        span = parse_duration(text)
    except ValueError:
        return None
    return span if span >= timedelta(minutes=1) else None


def set_robots(state: State, robots: RobotsDocument | None, now: datetime) -> None:
    """These robots act from now on, all others rest; for every exchange they plan anew."""
    state.robots = robots
    plan_application(state, now)
    for dispute_id in state.exchanges:
        replan(state, dispute_id, now)


def plan_application(state: State, now: datetime) -> None:
    """The next application is planned, if buyers come by themselves: after up to twice their pace."""
    pace = _pace(state.robots.applies) if state.robots and state.robots.applies else None
    if pace is None:
        state.plan(0, ())
        return
    chance = make_dice(state, "pace", state.numbers.get("application", 0)).random()
    at = now + timedelta(seconds=1 + int(chance * 2 * pace.total_seconds()))
    state.plan(0, (PlannedAction(at, 0, Party.BUYER, Apply.name()),))


def replan(state: State, dispute_id: int, now: datetime) -> None:
    """Each robot's plan for the exchange is made anew; delays count from `now`."""
    exchange = state.exchanges[dispute_id]
    plans = (_planned(state, exchange, party, now) for party in Party)
    state.plan(dispute_id, tuple(plan for plan in plans if plan is not None))


def replan_after(state: State, event: Event) -> None:
    """Robots follow what happened: a move makes them plan anew, a message does not."""
    if state.robots and event.move != LeaveMessage.name():
        replan(state, event.dispute_id, event.at)


def carry_out_plan(state: State, plan: PlannedAction) -> tuple[Event, ...]:
    """What the robot does now that its plan's instant has come, nothing if nothing is possible; the plan is spent."""
    state.plan(
        plan.dispute_id, tuple(each for each in state.plans[plan.dispute_id] if each != plan)
    )
    intended = _intended(state, state.exchanges[plan.dispute_id], plan.party, plan.at)
    if intended is None:
        return ()
    event = record(state, intended[1])
    replan_after(state, event)
    return (event,)


def _planned(state: State, exchange: Exchange, party: Party, now: datetime) -> PlannedAction | None:
    intended = _intended(state, exchange, party, now)
    if intended is None:
        return None
    choice, step = intended
    start: datetime | None = now
    if party is Party.BUYER and exchange.status is Status.WAIT_BUYER_CONFIRM:
        start = _arrival(state, exchange, now)
    if start is None:
        return None
    return PlannedAction(
        _instant(state, exchange, party, choice, start),
        exchange.dispute_id,
        party,
        step.move.name(),
    )


def _intended(
    state: State, exchange: Exchange, party: Party, at: datetime
) -> tuple[Action, Transition] | None:
    """The first choice that can be played, in the order drawn; None if the party lets the matter rest."""
    choices = _choices(state, exchange, party)
    for choice in _drawn(state, exchange, party, choices) if choices else ():
        if choice.move is None:
            return None
        step = _weighed(state, exchange, choice.move, _ROLES[party], at)
        if step is not None:
            return choice, step
    return None


def _policy(state: State, party: Party) -> Behaviour | None:
    """How the party behaves; None where no robot plays it."""
    name = getattr(state.robots, party.value) if state.robots else None
    return None if name is None else BEHAVIOURS[name]


def _choices(state: State, exchange: Exchange, party: Party) -> tuple[Action, ...]:
    """What the party may think of now; a buyer waits while customer service has the case in hand."""
    policy = _policy(state, party)
    if policy is None:
        return ()
    if party is Party.CS:
        return policy.cs.get(exchange.cs_status, ())
    if party is Party.COURIER:
        return policy.courier if exchange.status is Status.WAIT_SELLER_CONFIRM else ()
    return () if exchange.cs_status in IN_HAND else policy.buyer.get(exchange.status, ())


def _weighed(
    state: State, exchange: Exchange, move: Move, role: Role, at: datetime
) -> Transition | None:
    """The move ready to be recorded; None where it is not possible or a robot refrains from it.

    Customer service is not asked for where nobody plays it, since the case would hang.
    """
    events = state.events[exchange.dispute_id]
    if isinstance(move, AskCs) and _policy(state, Party.CS) is None:
        return None
    if (
        isinstance(move, Modify)
        and sum(event.move == Modify.name() for event in events) >= MAX_MODIFICATIONS
    ):
        return None
    dressed = _dressed(state, exchange, move)
    if len(dressed.message_text.encode()) > state.rules.number("message_max_bytes"):
        return None
    try:
        return evaluate(state, exchange, dressed, role=role, at=at)
    except DomainError:
        return None


def _dressed(state: State, exchange: Exchange, move: Move) -> Move:
    """The move with what only the sandbox knows: a carrier of its list, other goods, a waybill."""
    if isinstance(move, ShipBack):
        carriers = list(list_accepted_names(state.carriers))
        return (
            move
            if move.logistics_company_name in carriers or not carriers
            else replace(move, logistics_company_name=carriers[0])
        )
    if isinstance(move, Modify) and move.exchange_sku == ANOTHER_SKU:
        others = [
            goods.sku_id for goods in state.goods.values() if goods.sku_id != exchange.exchange_sku
        ]
        return replace(
            move, exchange_sku=others[_stage(state, exchange) % len(others)] if others else ""
        )
    if isinstance(move, LeaveMessage):
        return replace(
            move, content=move.content.replace(WAYBILL_PLACEHOLDER, exchange.buyer_logistic_no)
        )
    return move


def _arrival(state: State, exchange: Exchange, now: datetime) -> datetime | None:
    """When the replacement sent at `now` reaches the buyer: at once without a courier, None if it is lost."""
    policy = _policy(state, Party.COURIER)
    if policy is None:
        return now
    choice = _drawn(state, exchange, Party.COURIER, policy.courier)[0]
    return None if choice.move is None else _instant(state, exchange, Party.COURIER, choice, now)


def _instant(
    state: State, exchange: Exchange, party: Party, choice: Action, start: datetime
) -> datetime:
    """When the choice is carried out, not before `start`."""
    delay = choice.delay
    least, most = int(delay.least.total_seconds()), int(delay.most.total_seconds())
    chance = _dice(state, exchange, f"{party} delay").random()
    span = timedelta(seconds=least + int(chance * (most - least + 1)))
    due = deadline(exchange, state.rules, state.table) if delay.ending else None
    return start + span if due is None else max(start, due - span)


def _drawn(
    state: State, exchange: Exchange, party: Party, choices: Sequence[Action]
) -> list[Action]:
    """The choices in a drawn order: each comes first as often as its weight says."""
    make_dice = _dice(state, exchange, party)
    return sorted(
        choices, key=lambda choice: make_dice.random() ** (1 / choice.weight), reverse=True
    )


def _dice(state: State, exchange: Exchange, purpose: str) -> Random:
    """Chance that is the same for the same exchange, stage and purpose."""
    return make_dice(state, exchange.dispute_id, _stage(state, exchange), purpose)


def make_dice(state: State, *purpose: object) -> Random:
    """Chance that is the same for the same seed and purpose."""
    return Random("|".join(map(str, (state.numbers["seed"], *purpose))))  # noqa: S311  # a life that replays, not a secret


def _stage(state: State, exchange: Exchange) -> int:
    """How many moves the exchange has seen, messages left out."""
    return sum(event.move != LeaveMessage.name() for event in state.events[exchange.dispute_id])
