"""What can happen next in an encounter: every option is a whole step, and every one of them does something.

Moves are weighed by the table before they are offered, so none is refused.  A run has an order in which it wishes to
take the rows, and what takes the first of them is wanted; else what takes any row that is new to the run.  Each option has a key that
stays the same whatever else is possible, so that a run from which steps are taken out means the same in the others.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from itertools import product, takewhile
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from ...domain.durations import format_duration
from ...domain.errors import DomainError
from ...domain.exchange import Exchange
from ...domain.moves import MOVES, Apply, Expire, Judge, LeaveMessage, Modify, Move
from ...domain.play import deadline, possible
from ...domain.table import FINAL_STATUSES, Row
from ...domain.vocabulary import IN_HAND, Actor, Status, Verdict
from ...scenario.signed_calls import METHOD_OF_MOVE
from ...world.move_parser import ACTOR_MOVES
from ...world.world import World

__all__ = [
    "QUIET",
    "Option",
    "OptionKey",
    "StepContext",
    "StepDocument",
    "closing_steps",
    "find_options",
    "find_preferred_options",
    "list_option_keys",
]

StepDocument = dict[str, Any]
OptionKey = tuple[str | int, ...]  # the kind first
QUIET = 2  # rounds after which a client that does its work has nothing left to do
_PLAIN: tuple[StepDocument, ...] = tuple(
    {"status": status.value} for status in Status if status not in FINAL_STATUSES
)
_HELPED: tuple[StepDocument, ...] = tuple(
    {"status": status.value, "cs_status": cs.value}
    for status in (Status.WAIT_BUYER_MODIFY, Status.WAIT_SELLER_CONFIRM)
    for cs in IN_HAND
)
_SHORT: StepDocument = {"status": Status.WAIT_SELLER_AGREE.value, "num": 0}  # more than there are
_OPENINGS = (*_PLAIN, _SHORT, *_HELPED)
_VARIANTS = 3  # of a judgement, of a modified application
_OFFSETS = (0, 1, -1)  # seconds from a deadline
_SPANS = ("1s", "1h", "1d")
_HARM = ("reply_lost", "duplicate_delivery")


class Option(Struct, frozen=True):
    """A step that is possible, and the row that it takes, if it takes one."""

    step: StepDocument
    row: str = ""


def list_option_keys(exchanges: int) -> Mapping[str, tuple[OptionKey, ...]]:
    """Every key there can be while so many exchanges are under way, by kind, the simplest first."""
    slots = range(exchanges)
    moves = [
        (actor.value, name, variant)
        for actor in (Actor.BUYER, Actor.CS, Actor.SELLER)
        for name in ACTOR_MOVES[actor]
        if name != Apply.name()
        for variant in range(_VARIANTS if MOVES[name] in (Judge, Modify) else 1)
    ]
    return MappingProxyType(
        {
            "client": tuple(("client", times) for times in range(1, QUIET + 1)),
            "apply": tuple(("apply", place) for place in range(len(_OPENINGS))),
            "move": tuple(("move", slot, *move) for slot, move in product(slots, moves)),
            "time": (
                *(("time", span) for span in _SPANS),
                *(("time", *each) for each in product(slots, _OFFSETS)),
            ),
            "stock": tuple(("stock", *each) for each in product(slots, range(3))),
            "reply": tuple(("reply", *each) for each in product(METHOD_OF_MOVE.values(), _HARM)),
        }
    )


class StepContext(Struct, frozen=True):
    """What options depend on: the world, the exchanges' names in the order of opening, whom the machine plays.

    `quiet` counts the client's rounds since anything happened; `taken` are the rows of this run, `wishes` all rows in
    the order in which it wants them.
    """

    world: World
    names: Mapping[int, str]
    plays: tuple[str, ...]
    exchanges: int
    quiet: int
    ages: bool
    taken: Collection[str]
    wishes: tuple[Row, ...]

    @property
    def going(self) -> list[Exchange]:
        """The exchanges that have not ended."""
        found = (self.world.view.exchange(number) for number in self.names)
        return [exchange for exchange in found if exchange.status not in FINAL_STATUSES]

    def row(self, exchange: Exchange, move: Move, by: Actor) -> str:
        """The row that a move would take now; empty where it is not possible."""
        at = self.world.view.clock.inner(self.world.directory.real())
        try:
            return self.world.view.evaluate(exchange, move, role=by.main_role, at=at).outcome.rule
        except DomainError:
            return ""

    def has_spoken(self, exchange: Exchange, actor: Actor) -> bool:
        """Whether the actor has left a message since the exchange came to its status: to repeat it would be idle."""
        events = self.world.view.timeline(exchange.dispute_id)
        here = takewhile(
            lambda event: event.source is event.target is exchange.status, reversed(events)
        )
        return any(
            event.move == LeaveMessage.name() and event.role.actor is actor for event in here
        )


def find_options(at: StepContext) -> Mapping[OptionKey, Option]:
    """What can happen; there is always something."""
    going = at.going
    found: dict[OptionKey, Option] = {}
    if at.names:
        found |= {
            ("client", times): Option({"client": times}) for times in range(1, QUIET + 1 - at.quiet)
        }
    for slot, exchange in enumerate(going):
        found |= _moves(at, slot, exchange)
        found |= (
            _times(at, slot, exchange) if "time" in at.plays and (at.quiet or not at.ages) else {}
        )
        found |= _stocks(at, slot, exchange) if "stock" in at.plays else {}
    if "replies" in at.plays:
        found |= _harms(at, going)
    if len(going) < at.exchanges:
        found |= _openings(at)
    return found or {("client", 1): Option({"client": 1})}


def find_preferred_options(at: StepContext, found: Mapping[OptionKey, Option]) -> set[OptionKey]:
    """The options that the run wants: those that take the row it wishes for, or lead there, else those that take a new one."""
    wish = next((row for row in at.wishes if row.name not in at.taken), None)
    if wish is not None:
        wished = {key for key, option in found.items() if option.row == wish.name}
        if not wished and all(each.status is not wish.source for each in at.going):
            wished = {
                key
                for key, option in found.items()
                if key[0] == "apply" and option.step["status"] == wish.source
            }
        if wished:
            return wished
    return {key for key, option in found.items() if option.row and option.row not in at.taken}


def _openings(at: StepContext) -> Iterator[tuple[OptionKey, Option]]:
    """An application at every open status, for more units than there are, and where it matters with customer service in it."""
    wanted = at.world.view.goods_named("wanted")
    assert wanted is not None
    shelf = at.world.view.accounts(wanted.sku_id)
    for place, step in enumerate(_OPENINGS):
        more = {"num": shelf.available + 1} if step is _SHORT else {}
        yield ("apply", place), Option({**step, **more})


def _moves(at: StepContext, slot: int, exchange: Exchange) -> Iterator[tuple[OptionKey, Option]]:
    """The moves that somebody who plays can make."""
    for by, kind in possible(exchange):
        if by not in at.plays or (kind is LeaveMessage and at.has_spoken(exchange, by)):
            continue
        for variant, move in enumerate(_variants(kind, exchange)):
            row = at.row(exchange, move, by)
            if row:
                step = {by.value: kind.name(), "on": at.names[exchange.dispute_id], **_fields(move)}
                yield ("move", slot, by.value, kind.name(), variant), Option(step, row)


def _variants(kind: type[Move], exchange: Exchange) -> tuple[Move, ...]:
    """A move with the fields that decide which row it takes, or how much stock."""
    if kind is Judge:
        return tuple(Judge(verdict=verdict) for verdict in Verdict)
    if kind is Modify:
        return Modify(), Modify(num=exchange.num % 3 + 1), Modify(exchange_sku="shoes")
    return (kind(),)


def _fields(move: Move) -> StepDocument:
    """The fields of a move that are not as they are anyway."""
    usual, given = msgspec.to_builtins(type(move)()), msgspec.to_builtins(move)
    return {name: value for name, value in given.items() if value != usual[name]}


def _times(at: StepContext, slot: int, exchange: Exchange) -> Iterator[tuple[OptionKey, Option]]:
    """To the deadline, a second beyond and a second before; and small steps.

    Data ages only after the client has looked: it could not have missed by its own clock what it never had time to see.
    """
    how, view = "age" if at.ages else "advance", at.world.view
    now, due = view.clock.inner(at.world.directory.real()), deadline(exchange, view.rules)
    yield from ((("time", span), Option({how: span})) for span in _SPANS)
    if due is None:
        return
    row = at.row(exchange, Expire(), Actor.SYSTEM)
    for offset in _OFFSETS:
        span = due - now + timedelta(seconds=offset)
        if span > timedelta():
            yield ("time", slot, offset), Option({how: format_duration(span)}, row)


def _stocks(at: StepContext, slot: int, exchange: Exchange) -> Iterator[tuple[OptionKey, Option]]:
    """Other units on the shelf of the goods that an exchange waits for: as many as it needs, one less, none."""
    if exchange.status in (Status.WAIT_SELLER_AGREE, Status.WAIT_BUYER_MODIFY):
        there = at.world.view.accounts(exchange.exchange_sku).available
        for place, units in enumerate((exchange.num, exchange.num - 1, 0)):
            if units != there:
                yield ("stock", slot, place), Option({"stock": {_goods(at, exchange): units}})


def _goods(at: StepContext, exchange: Exchange) -> str:
    """The name of the goods wished for, or their SKU."""
    sku = exchange.exchange_sku
    goods = at.world.view.goods_of_sku(sku)
    return goods.name if goods else sku


def _harms(at: StepContext, going: list[Exchange]) -> Iterator[tuple[OptionKey, Option]]:
    """The reply to the client's next write is lost, or the write arrives twice; one such plan for a method at a time."""
    view = at.world.view
    planned = {
        name
        for fault in view.faults()
        if not view.fault_counters(fault.id).hits
        for name in fault.methods
    }
    writes = {
        METHOD_OF_MOVE[kind]
        for exchange in going
        for by, kind in possible(exchange)
        if by is Actor.SELLER and kind in METHOD_OF_MOVE and kind is not LeaveMessage
    }
    for method, fault in product(sorted(writes - planned), _HARM):
        yield ("reply", method, fault), Option({"fault": fault, "method": method})


def closing_steps(at: StepContext) -> Iterator[StepDocument]:
    """How a run ends: some time later the client looks again, and once more when what was out of stock is there."""
    short = [
        each
        for each in at.going
        if each.status is Status.WAIT_SELLER_AGREE
        and at.world.view.accounts(each.exchange_sku).available < each.num
    ]
    later: list[StepDocument] = (
        [{"age" if at.ages else "advance": "1h"}] if "time" in at.plays else []
    )
    if short and "stock" in at.plays:
        yield {"client": 1}
        yield from later
        yield {"client": 1}
        yield {"stock": {_goods(at, each): sum(one.num for one in short) for each in short}}
    if at.names:
        yield {"client": 1}
        yield from later
        yield {"client": QUIET}
