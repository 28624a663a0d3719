"""Near misses: for a move that cannot be now, when it could be, who has to do what first, and until when.

Everything is asked of the table by playing it: `way` tries the moves that are possible, as `play` would, with
arguments and stock at their best.  Nothing is stated here.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec import Struct

from .conditions import Situation
from .errors import DomainError
from .exchange import Exchange
from .moves import DEFAULT_CARRIER, Apply, Expire, Judge, LeaveMessage, Move
from .play import deadline, play, possible, rows_from
from .rules import RuleValues
from .table import TABLE
from .vocabulary import Actor, Status, Verdict

__all__ = [
    "DeadlineEffect",
    "NearMiss",
    "WayStep",
    "describe_near_miss",
    "find_near_miss",
    "serialize_near_miss",
]

_AT_BEST = {"address_id": 0, "seller_refuse_reason_id": 0, "logistics_no": "SF000000000000"}


class WayStep(Struct, frozen=True):
    """A move on the way, by whom, and the state it leads to."""

    by: Actor
    move: Move
    target: Status


class DeadlineEffect(Struct, frozen=True):
    """The deadline of the present state: when, which rule, where it leads (by stock), and whether the move is lost then."""

    at: datetime
    rule: str
    targets: tuple[Status, ...]
    closes: bool


class NearMiss(Struct, frozen=True):
    """How near a refused move was: `legal_from` by the table, `way` the shortest there (empty: nothing is in the way but
    arguments or stock; None: there is none), `door` what the present deadline does.
    """

    exchange: Exchange
    move: type[Move]
    by: Actor
    legal_from: tuple[Status, ...]
    way: tuple[WayStep, ...] | None
    door: DeadlineEffect | None


def find_near_miss(exchange: Exchange, move: type[Move], by: Actor, rules: RuleValues) -> NearMiss:
    """How near `move` by `by` is to being possible."""
    rows = [
        row
        for row in TABLE
        if row.move is move and row.by is by and exchange.ruleset in row.rulesets
    ]
    legal_from = tuple(dict.fromkeys(row.source for row in rows if row.source is not None))
    return NearMiss(
        exchange,
        move,
        by,
        legal_from,
        _way(exchange, move, by, rules),
        _door(exchange, move, by, rules),
    )


def _way(
    exchange: Exchange, move: type[Move], by: Actor, rules: RuleValues
) -> tuple[WayStep, ...] | None:
    """The shortest sequence of people's moves after which `move` is possible."""
    seen = {_place(exchange)}
    open_ends: list[tuple[tuple[WayStep, ...], Exchange]] = [((), exchange)]
    for steps, reached in open_ends:  # grows as it goes: breadth first
        if any(_played(reached, each, by, rules) for each in _kinds(move)):
            return steps
        for actor, kind in possible(reached):
            for each in _kinds(kind) if kind is not LeaveMessage else ():
                after = _played(reached, each, actor, rules)
                if after is not None and _place(after) not in seen:
                    seen.add(_place(after))
                    open_ends.append(((*steps, WayStep(actor, each, after.status)), after))
    return None


def _place(exchange: Exchange) -> tuple[object, ...]:
    """All that decides which moves are possible, arguments and stock aside."""
    return exchange.status, exchange.cs_status, exchange.refused_from


def _kinds(move: type[Move]) -> Iterator[Move]:
    """The move as it is best played; a judgement for each side."""
    if issubclass(move, Judge):
        yield from (Judge(verdict=verdict) for verdict in Verdict)
        return
    yield move(
        **{name: value for name, value in _AT_BEST.items() if name in move.__struct_fields__}
    )


def _played(
    exchange: Exchange, move: Move, by: Actor, rules: RuleValues, *, stock: bool = True
) -> Exchange | None:
    """The exchange after `move`, None where it cannot be."""
    situation = Situation(
        exchange=exchange,
        move=move,
        rules=rules,
        available=exchange.num if stock else 0,
        addresses={0: ""},
        reasons=(0,),
        carriers=(DEFAULT_CARRIER,),
        waybills={},
    )
    try:
        return play(situation, by.main_role, exchange.entered).exchange
    except DomainError:
        return None


def _door(
    exchange: Exchange, move: type[Move], by: Actor, rules: RuleValues
) -> DeadlineEffect | None:
    at = deadline(exchange, rules)
    if at is None:
        return None
    rule = next(
        row.deadline_rule
        for row in rows_from(exchange.ruleset, exchange.status)
        if row.deadline_rule
    )
    ends = [
        after
        for stock in (True, False)
        if (after := _played(exchange, Expire(), Actor.SYSTEM, rules, stock=stock))
    ]
    targets = tuple(dict.fromkeys(after.status for after in ends))
    return DeadlineEffect(
        at, rule, targets, all(_way(after, move, by, rules) is None for after in ends)
    )


def serialize_near_miss(found: NearMiss, show: Callable[[datetime], str]) -> dict[str, object]:
    """The members that a problem document or a finding carries: codes of states, names of moves."""
    way = (
        None
        if found.way is None
        else [
            {
                "by": step.by.value,
                "move": step.move.name(),
                **({"for": step.move.verdict.value} if isinstance(step.move, Judge) else {}),
                "to": step.target.value,
            }
            for step in found.way
        ]
    )
    door = (
        None
        if found.door is None
        else {
            "at": show(found.door.at),
            "rule": found.door.rule,
            "to": [status.value for status in found.door.targets],
            "closes": found.door.closes,
        }
    )
    return {
        "legal_from": [status.value for status in found.legal_from],
        "way": way,
        "deadline": door,
    }


def describe_near_miss(found: NearMiss, show: Callable[[datetime], str]) -> tuple[str, str]:
    """The same in words, Chinese and English."""
    who_zh, who = f"{found.by.zh}{found.move.zh}", f"{found.by} {found.move.name()}"
    if found.move is Apply:
        zh, en = f"{who_zh}只能新开一张换货单", f"{who} opens a new exchange"
    elif not found.legal_from:
        zh, en = f"{who_zh}在此流程里没有", f"this flow has no {who}"
    else:
        now, legal = found.exchange.status, found.legal_from
        zh = f"{who_zh}要在{'、'.join(f'「{status.zh}」({status.value})' for status in legal)}时进行，现在是「{now.zh}」({now.value})"
        en = f"{who} is possible at {', '.join(str(status.value) for status in legal)}, the status is {now.value}"
        way_zh, way_en = _way_in_words(found.way)
        zh, en = f"{zh}；{way_zh}", f"{en}; {way_en}"
    door = found.door
    if door is None or found.way is None:
        return zh, en
    ends_zh, ends = (
        "或".join(f"「{status.zh}」" for status in door.targets),
        " or ".join(str(status.value) for status in door.targets),
    )
    lost_zh, lost = ("，此后再无可能", ", and then it is too late") if door.closes else ("", "")
    return (
        f"{zh}；{show(door.at)} 到期({door.rule})后变为{ends_zh}{lost_zh}",
        f"{en}; at {show(door.at)} ({door.rule}) it becomes {ends}{lost}",
    )


def _way_in_words(way: tuple[WayStep, ...] | None) -> tuple[str, str]:
    if way is None:
        return "已经没有路可以到那里", "no way leads there any more"
    if not way:
        return "状态没有问题，是参数或库存不允许", "the state allows it, arguments or stock do not"
    zh = "，再由".join(f"{step.by.zh}{step.move.zh}" for step in way)
    return (
        f"先由{zh}，就可以",
        f"first {', then '.join(f'{step.by} {step.move.name()}' for step in way)}",
    )
