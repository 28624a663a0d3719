"""Plays moves by the table: pure, and nothing changes unless everything holds.

Order of the business checks (docs/spec/rules.md#rules-wire): flow, state, arguments, stock.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from .conditions import NOT_IN_HAND, Condition, ConditionKind, Situation
from .errors import ConditionFailed, IllegalMove, WrongFlow
from .exchange import Entry, Exchange, Outcome
from .moves import Agree, BuyerRequest, LeaveMessage, Move, ShipBack, Shipment
from .rules import RuleValues
from .table import CS_TABLE, FINAL_STATUSES, TABLE, Row
from .vocabulary import IN_HAND, Actor, CsStatus, Role, Ruleset, Status

__all__ = ["deadline", "play", "possible", "rows_from"]

_BY_STATE: dict[tuple[Ruleset, Status | None], tuple[Row, ...]] = {
    (ruleset, status): tuple(
        row for row in TABLE if row.source is status and ruleset in row.rulesets
    )
    for ruleset in Ruleset
    for status in (None, *Status)
}
_FLOWS: dict[type[Move], tuple[Ruleset, ...]] = {
    row.move: tuple(r for r in Ruleset if any(r in x.rulesets for x in TABLE if x.move is row.move))
    for row in TABLE
}
_DATED = ("refund_version", "time_out")  # given values that stop being true once the exchange moves


def rows_from(ruleset: Ruleset, status: Status | None) -> tuple[Row, ...]:
    """The rows that leave `status` under `ruleset`, in the order they are tried."""
    return _BY_STATE[ruleset, status]


def deadline(exchange: Exchange, rules: RuleValues) -> datetime | None:
    """The instant the system will move by itself, or None if it never will.

    Counted from entering the state, not from creation; none while customer service has the case in
    hand.  Source: docs/spec/rules.md#rules-rulesets.
    """
    if exchange.cs_status in IN_HAND:
        return None
    for row in _BY_STATE[exchange.ruleset, exchange.status]:
        if row.deadline_rule:
            return exchange.due or exchange.entered + rules.duration(row.deadline_rule)
    return None


def possible(exchange: Exchange) -> tuple[tuple[Actor, type[Move]], ...]:
    """What each actor may try now, in table order, messages last.

    Arguments and stock still decide.
    """
    seen: dict[tuple[Actor, type[Move]], None] = {}
    for row in _BY_STATE[exchange.ruleset, exchange.status]:
        if row.by is Actor.SYSTEM or not _cs_allows(exchange, row.move) or _held(exchange, row):
            continue
        seen[row.by, row.move] = None
    return tuple(seen)


def play(situation: Situation, by: Role, at: datetime) -> Outcome:
    """The exchange after the move, with the stock entries, words and warnings it causes.

    Raises:
        WrongFlow: the move belongs to another ruleset.
        IllegalMove: no row allows it; carries what is possible.
        ConditionFailed: a row exists but its condition does not hold; the furthest one is named.
    """
    row, warnings = _chosen(situation, by)
    exchange, move = situation.exchange, situation.move
    entries = tuple(_entries(exchange, row))
    cs = _cs_after(situation)
    after = _after(situation, row, at)
    held = after.reserved + sum(
        (e.target == "reserved") * e.num - (e.source == "reserved") * e.num for e in entries
    )
    after = replace(after, reserved=held, cs_status=cs[-1] if cs else after.cs_status)
    return Outcome(
        exchange=after,
        rule=row.name,
        entries=entries,
        cs=cs,
        message_text=move.message_text or row.notice,
        human=by.actor is not Actor.SYSTEM,
        warnings=warnings,
    )


def _chosen(situation: Situation, by: Role) -> tuple[Row, tuple[str, ...]]:
    """The row taken and the warnings of its lenient conditions."""
    exchange, kind = situation.exchange, type(situation.move)
    flows = _FLOWS[kind]
    if exchange.ruleset not in flows:
        raise WrongFlow(exchange=exchange, move=kind, belongs=flows)
    source = None if situation.fresh else exchange.status
    furthest: Condition | None = None
    for row in _BY_STATE[exchange.ruleset, source]:
        if row.move is not kind or row.by is not by.actor or not _cs_allows(exchange, kind):
            continue
        failed, warnings = _first_failure(situation, row)
        if failed is None:
            return row, warnings
        if furthest is None or failed.kind > furthest.kind:
            furthest = failed
    if furthest is None or furthest.kind is ConditionKind.STATE:
        raise IllegalMove(
            exchange=exchange,
            move=kind,
            by=by.actor,
            possible=possible(exchange),
            over=exchange.status in FINAL_STATUSES and kind is LeaveMessage,
        )
    raise ConditionFailed(
        exchange=exchange,
        move=kind,
        failure=furthest.failure,
        name=furthest.name,
        zh=_filled(furthest.zh, situation.move),
        en=_filled(furthest.en, situation.move),
    )


def _first_failure(situation: Situation, row: Row) -> tuple[Condition | None, tuple[str, ...]]:
    warnings = []
    for condition in sorted(row.when, key=lambda c: c.kind):
        if condition.holds(situation):
            continue
        if not condition.strict_only or situation.rules["strict_logistics"]:
            return condition, ()
        warnings.append(_filled(f"{condition.zh} ({condition.en})", situation.move))
    return None, tuple(warnings)


def _filled(sentence: str, move: Move) -> str:
    """The sentence with the move's fields in it, long ones clipped."""
    return sentence.format_map(
        {name: str(getattr(move, name))[:60] for name in move.__struct_fields__}
    )


def _cs_allows(exchange: Exchange, kind: type[Move]) -> bool:
    sources = [row.sources for row in CS_TABLE if row.move is kind]
    return not sources or any(exchange.cs_status in each for each in sources)


def _held(exchange: Exchange, row: Row) -> bool:
    return exchange.cs_status in IN_HAND and NOT_IN_HAND in row.when


def _cs_after(situation: Situation) -> tuple[CsStatus, ...]:
    for row in CS_TABLE:
        if row.move is type(situation.move) and (row.when is None or row.when.holds(situation)):
            return row.targets
    return ()


def _entries(exchange: Exchange, row: Row) -> Iterator[Entry]:
    for posting in row.postings:
        units = getattr(exchange, posting.units)
        if units:
            yield Entry(getattr(exchange, posting.goods), units, posting.source, posting.target)


def _after(situation: Situation, row: Row, at: datetime) -> Exchange:
    """The exchange in its new state, with what the move itself writes into it."""
    exchange, move = situation.exchange, situation.move
    changes: dict[str, object] = {**dict(_written(move)), **dict(row.writes)}
    if row.changes_modified:
        changes["modified"] = at
        if exchange.verbatim:
            stale = (*_DATED, *changes)
            changes["verbatim"] = {
                name: value for name, value in exchange.verbatim.items() if name not in stale
            }
    if row.target is not exchange.status:
        changes |= {"status": row.target, "entered": at, "due": None}
        if row.target is Status.WAIT_BUYER_MODIFY:
            changes["refused_from"] = exchange.status
        if row.target is Status.WAIT_BUYER_RETURN:
            changes["address"] = _return_address(situation)
    return replace(exchange, **changes)


def _return_address(situation: Situation) -> str:
    move = situation.move
    if isinstance(move, Agree) and move.complete_address:
        return move.complete_address
    chosen = move.address_id if isinstance(move, Agree) else None
    default = next(iter(situation.addresses.values()), "")
    return default if chosen is None else situation.addresses[chosen]


def _written(move: Move) -> Iterator[tuple[str, object]]:
    """What a move's own fields say about the exchange."""
    if isinstance(move, BuyerRequest):
        yield from (
            (name, given)
            for name in BuyerRequest.__struct_fields__
            if (given := getattr(move, name))
        )
    elif isinstance(move, Shipment):
        side = "buyer" if isinstance(move, ShipBack) else "seller"
        yield f"{side}_logistic_name", move.logistics_company_name
        yield f"{side}_logistic_no", move.logistics_no
