"""Near misses: for a move that is not possible now, when it is, who must do what first, until when.

A refusal says "status is 12, the seller cannot agree".  A tester then asks: when could he?  This
module answers from the table, without knowledge of its own: it *plays*.

- `legal_from` are the statuses that rows of this move leave.
- `way` is the shortest sequence of people's moves after which the move is possible, searched
  breadth first: from the exchange as it is, every move that is possible is played with arguments
  and stock at their best, until one of the results allows the refused move.  Two exchanges are the
  same place if status, customer-service status and `refused_from` are the same, so there are few
  places and the search ends.  An empty way means: the status allows the move, arguments or stock
  do not.  None means that no sequence leads there any more.
- `deadline` is what the system does if nobody acts: at which instant, by which rule, to which
  status (with stock and without), and whether the move is out of reach after that.

A row that is added to the table is part of every answer without a change here.  What would break: a
condition that depends on something that is not part of a place (the search would stop too early).
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec import Struct

from .conditions import Situation
from .errors import DomainError
from .exchange import Exchange
from .moves import DEFAULT_CARRIER, Apply, Expire, Judge, LeaveMessage, Move
from .play import deadline, deadline_rule, is_enabled, play, possible
from .rules import RuleValues
from .table_index import SHIPPED_TABLE, TableIndex
from .vocabulary import Actor, Status, Verdict

__all__ = [
    "DeadlineEffect",
    "NearMiss",
    "WayStep",
    "describe_near_miss",
    "find_near_miss",
    "serialize_near_miss",
]

# arguments of moves that no condition refuses, in the situation of `_play`
_ACCEPTED_ARGUMENTS = {
    "address_id": 0,
    "seller_refuse_reason_id": 0,
    "logistics_no": "SF000000000000",
}


class _RulesAndTable(Struct, frozen=True):
    """By what an exchange moves: a sandbox's rules and its table."""

    rules: RuleValues
    table: TableIndex


class WayStep(Struct, frozen=True):
    """A move on the way, by whom, and the status it leads to."""

    by: Actor
    move: Move
    target: Status


class DeadlineEffect(Struct, frozen=True):
    """What the deadline of the present status does: when, by which rule, to which statuses.

    There are two statuses if stock decides.  `closes` is True if the move is out of reach after it.
    """

    at: datetime
    rule: str
    targets: tuple[Status, ...]
    closes: bool


class NearMiss(Struct, frozen=True):
    """How near a refused move was; the module's text says what `way` and `deadline` mean."""

    exchange: Exchange
    move: type[Move]
    by: Actor
    legal_from: tuple[Status, ...]
    way: tuple[WayStep, ...] | None
    deadline: DeadlineEffect | None


def find_near_miss(
    exchange: Exchange,
    move: type[Move],
    by: Actor,
    rules: RuleValues,
    *,
    table: TableIndex = SHIPPED_TABLE,
) -> NearMiss:
    """Return how near `move` by `by` is to being possible on `exchange`, under this table."""
    under = _RulesAndTable(rules, table)
    sources = (
        row.source
        for row in table.rows
        if row.move is move
        and row.by is by
        and exchange.ruleset in row.rulesets
        and is_enabled(row, rules)
    )
    return NearMiss(
        exchange,
        move,
        by,
        legal_from=tuple(dict.fromkeys(source for source in sources if source is not None)),
        way=_find_way(exchange, move, by, under),
        deadline=_find_deadline_effect(exchange, move, by, under),
    )


def _find_way(
    exchange: Exchange, move: type[Move], by: Actor, under: _RulesAndTable
) -> tuple[WayStep, ...] | None:
    """Return the shortest sequence of people's moves after which `move` is possible, or None."""
    visited = {_place(exchange)}
    ends: list[tuple[tuple[WayStep, ...], Exchange]] = [((), exchange)]
    for steps, reached in ends:  # grows while it is read: breadth first
        if any(_play(reached, variant, by, under) for variant in _variants(move)):
            return steps
        for actor, kind in possible(reached, under.rules, under.table):
            if kind is LeaveMessage:
                continue
            for variant in _variants(kind):
                after = _play(reached, variant, actor, under)
                if after is not None and _place(after) not in visited:
                    visited.add(_place(after))
                    ends.append(((*steps, WayStep(actor, variant, after.status)), after))
    return None


def _place(exchange: Exchange) -> tuple[object, ...]:
    """Return all that decides which moves are possible, arguments and stock aside."""
    return exchange.status, exchange.cs_status, exchange.refused_from


def _variants(move: type[Move]) -> Iterator[Move]:
    """Yield the move with arguments that are accepted; a judgement once for each verdict."""
    if issubclass(move, Judge):
        yield from (Judge(verdict=verdict) for verdict in Verdict)
        return
    fields = move.__struct_fields__
    yield move(**{name: value for name, value in _ACCEPTED_ARGUMENTS.items() if name in fields})


def _play(
    exchange: Exchange, move: Move, by: Actor, under: _RulesAndTable, *, in_stock: bool = True
) -> Exchange | None:
    """Return the exchange after `move`, or None if it is refused."""
    situation = Situation(
        exchange=exchange,
        move=move,
        rules=under.rules,
        available=exchange.num if in_stock else 0,
        addresses={0: ""},
        reasons=(0,),
        carriers=(DEFAULT_CARRIER,),
        waybills={},
    )
    try:
        return play(situation, by.main_role, exchange.entered, under.table).exchange
    except DomainError:
        return None


def _find_deadline_effect(
    exchange: Exchange, move: type[Move], by: Actor, under: _RulesAndTable
) -> DeadlineEffect | None:
    at = deadline(exchange, under.rules, under.table)
    if at is None:
        return None
    played = (
        _play(exchange, Expire(), Actor.SYSTEM, under, in_stock=in_stock)
        for in_stock in (True, False)
    )
    ends = [after for after in played if after is not None]
    return DeadlineEffect(
        at,
        deadline_rule(exchange, under.table),
        targets=tuple(dict.fromkeys(after.status for after in ends)),
        closes=all(_find_way(after, move, by, under) is None for after in ends),
    )


def serialize_near_miss(
    near_miss: NearMiss, format_time: Callable[[datetime], str]
) -> dict[str, object]:
    """Return the members that a problem document or a finding carries: codes, names of moves.

    Shape: `{"legal_from": [2], "way": [{"by", "move", "for"?, "to"}] or None,
    "deadline": {"at", "rule", "to", "closes"} or None}`.
    """
    effect = near_miss.deadline
    return {
        "legal_from": [status.value for status in near_miss.legal_from],
        "way": None if near_miss.way is None else [_serialize_step(s) for s in near_miss.way],
        "deadline": effect
        and {
            "at": format_time(effect.at),
            "rule": effect.rule,
            "to": [status.value for status in effect.targets],
            "closes": effect.closes,
        },
    }


def _serialize_step(step: WayStep) -> dict[str, object]:
    verdict = {"for": step.move.verdict.value} if isinstance(step.move, Judge) else {}
    return {"by": step.by.value, "move": step.move.name(), **verdict, "to": step.target.value}


def describe_near_miss(
    near_miss: NearMiss, format_time: Callable[[datetime], str]
) -> tuple[str, str]:
    """Return a near miss as one sentence in Chinese and one in English."""
    zh, en = _describe_way(near_miss)
    effect = near_miss.deadline
    if effect is None or near_miss.way is None:
        return zh, en
    at = format_time(effect.at)
    targets_zh = "或".join(f"「{status.zh}」" for status in effect.targets)
    targets_en = " or ".join(str(status.value) for status in effect.targets)
    closes_zh = "，此后再无可能" if effect.closes else ""
    closes_en = ", and then it is too late" if effect.closes else ""
    return (
        f"{zh}；{at} 到期({effect.rule})后变为{targets_zh}{closes_zh}",
        f"{en}; at {at} ({effect.rule}) it becomes {targets_en}{closes_en}",
    )


def _describe_way(near_miss: NearMiss) -> tuple[str, str]:
    """Return from where the move is legal and the way there, in Chinese and English."""
    move_zh = f"{near_miss.by.zh}{near_miss.move.zh}"
    move_en = f"{near_miss.by} {near_miss.move.name()}"
    if near_miss.move is Apply:
        return f"{move_zh}只能新开一张换货单", f"{move_en} opens a new exchange"
    if not near_miss.legal_from:
        return f"{move_zh}在此流程里没有", f"this flow has no {move_en}"
    status = near_miss.exchange.status
    legal_zh = "、".join(f"「{legal.zh}」({legal.value})" for legal in near_miss.legal_from)
    legal_en = ", ".join(str(legal.value) for legal in near_miss.legal_from)
    way_zh, way_en = _describe_steps(near_miss.way)
    return (
        f"{move_zh}要在{legal_zh}时进行，现在是「{status.zh}」({status.value})；{way_zh}",
        f"{move_en} is possible at {legal_en}, the status is {status.value}; {way_en}",
    )


def _describe_steps(way: tuple[WayStep, ...] | None) -> tuple[str, str]:
    if way is None:
        return "已经没有路可以到那里", "no way leads there any more"
    if not way:
        return "状态没有问题，是参数或库存不允许", "the state allows it, arguments or stock do not"
    zh = "，再由".join(f"{step.by.zh}{step.move.zh}" for step in way)
    en = ", then ".join(f"{step.by} {step.move.name()}" for step in way)
    return f"先由{zh}，就可以", f"first {en}"
