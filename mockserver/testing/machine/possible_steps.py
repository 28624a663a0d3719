"""Which steps are possible next in a run.

Every option is a whole step, and every one of them does something.

The model.  A random walk through the state machine is of little use if most of its steps are
refused: then the client under test sees an empty sandbox.  So a move is evaluated against the table
before it is offered (`StepContext.find_row`), and only what a row allows is an option.  Each option
also says which row it takes.  That gives two things:

- Coverage.  A run has a list of rows in the order in which it prefers them, another order in each
  run.  What takes the first row that the run has not taken is preferred; what opens an exchange in
  that row's status comes next; else anything that takes a new row (`find_preferred_options`).
- Shrinking by Hypothesis' own means and replays.  Hypothesis remembers choices, not steps.  So each
  option has a *key* that means the same whatever else is possible: `("move", 0, "buyer", "cancel",
  0)` is the cancellation of the first open exchange.  Choices are made among all keys there can be
  (`list_option_keys`) and filtered, so that leaving out an earlier step does not change the meaning
  of the later ones.

A client gets at most `MAX_QUIET_ROUNDS` rounds in a row in which nothing happens.  After that it
has had its chance: what still waits for the seller is left undone, which `checks.py` reports.

What would break: an option that changes nothing makes the run idle and hides unhandled exchanges; a
key that depends on what else is possible makes failures unrepeatable.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import product
from types import MappingProxyType

import msgspec

from ...domain.durations import format_duration
from ...domain.exchange import Exchange
from ...domain.moves import MOVES, Apply, Expire, Judge, LeaveMessage, Modify, Move
from ...domain.play import deadline, possible
from ...domain.table import FINAL_STATUSES
from ...domain.vocabulary import IN_HAND, Actor, Status, Verdict
from ...scenario.step_calls import METHOD_OF_MOVE
from ...scenario.step_kinds import NO_FAULT
from ...world.move_parser import ACTOR_MOVES
from .more_steps import MAX_MORE_OPENINGS, list_more_keys, list_more_openings, list_more_steps
from .step_context import Option, OptionKey, Options, StepContext, StepDocument

__all__ = [
    "MAX_QUIET_ROUNDS",
    "Option",
    "OptionKey",
    "StepContext",
    "StepDocument",
    "closing_steps",
    "find_options",
    "find_preferred_options",
    "list_option_keys",
]

MAX_QUIET_ROUNDS = 2  # after so many a client that does its work has nothing left to do
_OPENINGS_BY_STATUS: tuple[StepDocument, ...] = tuple(
    {"status": status.value} for status in Status if status not in FINAL_STATUSES
)
_OPENINGS_WITH_CS: tuple[StepDocument, ...] = tuple(
    {"status": status.value, "cs_status": cs.value}
    for status in (Status.WAIT_BUYER_MODIFY, Status.WAIT_SELLER_CONFIRM)
    for cs in IN_HAND
)
# `num` becomes more than there are.
_OPENING_WITHOUT_STOCK: StepDocument = {"status": Status.WAIT_SELLER_AGREE.value, "num": 0}
_OPENINGS = (*_OPENINGS_BY_STATUS, _OPENING_WITHOUT_STOCK, *_OPENINGS_WITH_CS)
_VARIANTS = 3  # of a judgement, of a modification
_DEADLINE_OFFSETS = (0, 1, -1)  # seconds
# A clock that runs reaches a second before a deadline at no fixed step: that could not be repeated.
_BEFORE_DEADLINE_IF_RUNNING = -60  # seconds
_SPANS = ("1s", "1h", "1d")
_REPLY_FAULTS = ("reply_lost", "duplicate_delivery")


def list_option_keys(max_open: int) -> Mapping[str, tuple[OptionKey, ...]]:
    """Return every key that an option can have, by kind, simplest first.

    At most `max_open` exchanges are open.
    """
    slots = range(max_open)
    moves = [
        (actor.value, name, variant)
        for actor in (Actor.BUYER, Actor.CS, Actor.SELLER)
        for name in ACTOR_MOVES[actor]
        if name != Apply.name()
        for variant in range(_VARIANTS if MOVES[name] in (Judge, Modify) else 1)
    ]
    times = [("time", slot, offset) for slot, offset in product(slots, _DEADLINE_OFFSETS)]
    methods = METHOD_OF_MOVE.values()
    return MappingProxyType(
        {
            "client": tuple(("client", rounds) for rounds in range(1, MAX_QUIET_ROUNDS + 1)),
            "apply": tuple(
                ("apply", place)
                for place in (*range(len(_OPENINGS)), *map(str, range(MAX_MORE_OPENINGS)))
            ),
            "move": tuple(("move", slot, *move) for slot, move in product(slots, moves)),
            "time": (*(("time", span) for span in _SPANS), *times),
            "stock": tuple(("stock", slot, place) for slot, place in product(slots, range(3))),
            "reply": tuple(("reply", *plan) for plan in product(methods, _REPLY_FAULTS)),
            **list_more_keys(max_open),
        }
    )


def find_options(context: StepContext) -> Mapping[OptionKey, Option]:
    """Return all steps that are possible now; never empty."""
    exchanges = context.open_exchanges
    plays = context.plays
    options: dict[OptionKey, Option] = {}
    if context.names:
        for rounds in range(1, MAX_QUIET_ROUNDS + 1 - context.quiet_rounds):
            options["client", rounds] = Option({"client": rounds})
    # Data ages only after the client has looked: by its own clock it could not have missed what
    # it had no time to see.
    time_passes = "time" in plays and (context.quiet_rounds or not context.ages)
    for slot, exchange in enumerate(exchanges):
        options |= _list_moves(context, slot, exchange)
        if time_passes:
            options |= _list_times(context, slot, exchange)
        if "stock" in plays:
            options |= _list_stock_changes(context, slot, exchange)
    if "replies" in plays:
        options |= _list_reply_faults(context, exchanges)
    options |= list_more_steps(context, exchanges)
    if len(exchanges) < context.max_open:
        options |= _list_openings(context)
    return options or {("client", 1): Option({"client": 1})}


def find_preferred_options(
    context: StepContext, options: Mapping[OptionKey, Option]
) -> set[OptionKey]:
    """Return the keys of the options that the run prefers; may be empty.

    Those that take the preferred row, or open an exchange in its status; else those that take any
    new row.  Steps of the plays `rounds`, `texts` and `trouble` are preferred in every case.
    """
    taken = context.rows_taken
    # Rounds need several steps in a row; a text counts only if it is there when its status is.
    extra = {key for key in options if key[0] in ("round", "text", "trouble")}
    row = next((row for row in context.preferred_rows if row.name not in taken), None)
    if row is not None:
        name = row.name
        preferred = {key for key, option in options.items() if option.row == name}
        statuses = {exchange.status for exchange in context.open_exchanges}
        if not preferred and row.source not in statuses:
            preferred = {
                key
                for key, option in options.items()
                if key[0] == "apply" and option.step["status"] == row.source
            }
        if preferred:
            return preferred | extra
    new = {key for key, option in options.items() if option.row and option.row not in taken}
    return new | extra


def _list_openings(context: StepContext) -> Options:
    """Yield applications: at every open status, without stock, with customer service in it."""
    view = context.world.view
    goods = view.goods_named("wanted")
    assert goods is not None
    available = view.accounts(goods.sku_id).available
    for place, step in enumerate(_OPENINGS):
        more = {"num": available + 1} if step is _OPENING_WITHOUT_STOCK else {}
        yield ("apply", place), Option({**step, **more})
    for place, fields in enumerate(list_more_openings(context)):
        step = {"status": Status.WAIT_SELLER_AGREE.value, **fields}
        yield ("apply", str(place)), Option(step)


def _list_moves(context: StepContext, slot: int, exchange: Exchange) -> Options:
    """Yield the moves that somebody whom the machine plays can make."""
    for by, kind in possible(exchange, context.world.view.rules, context.world.view.table):
        idle = kind is LeaveMessage and context.has_written(exchange, by)
        if by not in context.plays or idle:
            continue
        for variant, move in enumerate(_list_variants(kind, exchange)):
            row = context.find_row(exchange, move, by)
            if row:
                name = context.names[exchange.dispute_id]
                step = {by.value: kind.name(), "on": name, **_find_own_fields(move)}
                yield ("move", slot, by.value, kind.name(), variant), Option(step, row)


def _list_variants(kind: type[Move], exchange: Exchange) -> tuple[Move, ...]:
    """Return a move with the fields that decide which row it takes, or how much stock."""
    if kind is Judge:
        return tuple(Judge(verdict=verdict) for verdict in Verdict)
    if kind is Modify:
        changes = Modify(num=exchange.num % 3 + 1), Modify(exchange_sku="shoes")
        return changes if exchange.status is Status.WAIT_SELLER_AGREE else (Modify(), *changes)
    return (kind(),)


def _find_own_fields(move: Move) -> StepDocument:
    """Return the fields of a move that differ from their defaults."""
    defaults = msgspec.to_builtins(type(move)())
    fields = msgspec.to_builtins(move)
    return {name: value for name, value in fields.items() if value != defaults[name]}


def _list_times(context: StepContext, slot: int, exchange: Exchange) -> Options:
    """Yield small steps, and steps to the deadline, a second beyond and a second before.

    Under a running clock a minute before.
    """
    kind = "age" if context.ages else "advance"
    for span_text in _SPANS:
        yield ("time", span_text), Option({kind: span_text})
    view = context.world.view
    now = view.clock.inner(context.world.directory.real())
    due = deadline(exchange, view.rules, view.table)
    if due is None:
        return
    row = context.find_row(exchange, Expire(), Actor.SYSTEM)
    for offset in _DEADLINE_OFFSETS:
        early = offset < 0 and view.clock.running
        seconds = _BEFORE_DEADLINE_IF_RUNNING if early else offset
        span = due - now + timedelta(seconds=seconds)
        if span > timedelta():
            yield ("time", slot, offset), Option({kind: format_duration(span)}, row)


def _list_stock_changes(context: StepContext, slot: int, exchange: Exchange) -> Options:
    """Yield other units of the goods that an exchange waits for.

    As many as it needs, one less, none.
    """
    if exchange.status in (Status.WAIT_SELLER_AGREE, Status.WAIT_BUYER_MODIFY):
        available = context.world.view.accounts(exchange.exchange_sku).available
        name = _name_goods(context, exchange)
        for place, units in enumerate((exchange.num, exchange.num - 1, 0)):
            if units != available:
                yield ("stock", slot, place), Option({"stock": {name: units}})


def _name_goods(context: StepContext, exchange: Exchange) -> str:
    """Return the name of the goods that the buyer gets, or their SKU id."""
    goods = context.world.view.goods_of_sku(exchange.exchange_sku)
    return goods.name if goods else exchange.exchange_sku


def _list_reply_faults(context: StepContext, exchanges: list[Exchange]) -> Options:
    """Yield a lost reply or a doubled delivery of the client's next write.

    One such plan for a method at a time.
    """
    view = context.world.view
    planned = {
        name
        for fault in view.faults()
        if not view.fault_counters(fault.id).triggered
        for name in fault.methods
    }
    writes = {
        METHOD_OF_MOVE[kind]
        for exchange in exchanges
        for by, kind in possible(exchange, view.rules, view.table)
        if by is Actor.SELLER and kind in METHOD_OF_MOVE and kind is not LeaveMessage
    }
    for method, fault in product(sorted(writes - planned), _REPLY_FAULTS):
        yield ("reply", method, fault), Option({"fault": fault, "method": method})


def closing_steps(context: StepContext) -> Iterator[StepDocument]:
    """Yield the steps that end a run.

    Planned faults end; some time later the client looks again, and once more when missing stock has
    come.  One round more than it needs is for what a fault left unsure.
    """
    view = context.world.view
    short = [
        exchange
        for exchange in context.open_exchanges
        if exchange.status is Status.WAIT_SELLER_AGREE
        and view.accounts(exchange.exchange_sku).available < exchange.num
    ]
    later: list[StepDocument] = []
    if "time" in context.plays:
        later = [{"age" if context.ages else "advance": "1h"}]
    if short and "stock" in context.plays:
        units = sum(exchange.num for exchange in short)
        yield {"client": 1}
        yield from later
        yield {"client": 1}
        yield {"stock": {_name_goods(context, exchange): units for exchange in short}}
    if context.names:
        yield {"client": 1}
        if view.faults():
            yield {"fault": NO_FAULT}
        yield from later
        yield {"client": MAX_QUIET_ROUNDS + 1}
