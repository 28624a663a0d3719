"""Play moves by a table: pure functions, and nothing changes unless everything holds.

The model.  `play` takes a `Situation` (the exchange, the move, and all that conditions may look at)
and returns an `Outcome`: the exchange after the move, with the stock entries, the statuses of
customer service, the sentence and the warnings that it causes.  It reads no clock, no state and no
module variable: the table is an argument (`TableIndex`), the shipped one by default.

Choice of the row.  The rows of the present status, move and actor are tried in the order of the
table; the first one whose conditions hold is taken.  Conditions are checked by kind: status, then
arguments, then stock.  Without a row the condition that came furthest in this order names the
refusal, so a caller whose waybill is missing does not read that the status is wrong.

What would break.  A function here that changed a value in place would let a refused move leave
traces; one that read the table from elsewhere would judge by another flow than its sandbox's.

Source: docs/spec/rules.md#rules-wire.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from .conditions import NOT_IN_HAND, Condition, ConditionKind, Situation
from .errors import ConditionFailed, IllegalMove, WrongRuleset
from .exchange import Entry, Exchange, Outcome
from .moves import Agree, BuyerRequest, LeaveMessage, Modify, Move, ShipBack, Shipment
from .rules import RuleValues
from .table import FINAL_STATUSES, Row
from .table_index import SHIPPED_TABLE, TableIndex
from .vocabulary import IN_HAND, Actor, CsStatus, Role, Ruleset, Status

__all__ = ["deadline", "deadline_rule", "is_enabled", "play", "possible", "rows_from"]

# Verbatim fields that are no longer true once the exchange moves.
_DATED_FIELDS = ("refund_version", "time_out")
_MAX_FIELD_CHARACTERS = 60  # of a move's field in a refusal's sentence


def rows_from(
    ruleset: Ruleset, status: Status | None, table: TableIndex = SHIPPED_TABLE
) -> tuple[Row, ...]:
    """Return the rows that leave `status` under `ruleset`, in the order in which they are tried.

    Status None: the rows of a new application.
    """
    return table.rows_by_status[ruleset, status]


def deadline(
    exchange: Exchange, rules: RuleValues, table: TableIndex = SHIPPED_TABLE
) -> datetime | None:
    """Return the inner instant at which the system moves by itself, None if it never does.

    It counts from the entry into the status, not from the creation.  While customer service has
    the case in hand there is none.

    Source: docs/spec/rules.md#rules-rulesets.
    """
    rule = deadline_rule(exchange, table)
    return (exchange.due or exchange.entered + rules.duration(rule)) if rule else None


def deadline_rule(exchange: Exchange, table: TableIndex = SHIPPED_TABLE) -> str:
    """Return the rule with the duration of the deadline that runs now, "" if none runs."""
    if exchange.cs_status in IN_HAND:
        return ""
    rows = table.rows_by_status[exchange.ruleset, exchange.status]
    return next((row.deadline_rule for row in rows if row.deadline_rule), "")


def possible(
    exchange: Exchange, rules: RuleValues, table: TableIndex = SHIPPED_TABLE
) -> tuple[tuple[Actor, type[Move]], ...]:
    """Return the moves that buyer, seller and customer service may try now.

    In the order of the table, messages last, each pair once.  Arguments and stock may still refuse
    them.
    """
    moves: dict[tuple[Actor, type[Move]], None] = {}
    for row in table.rows_by_status[exchange.ruleset, exchange.status]:
        if (
            row.by is not Actor.SYSTEM
            and _cs_allows(exchange, row.move, table)
            and not _is_held(exchange, row)
            and is_enabled(row, rules)
        ):
            moves[row.by, row.move] = None
    return tuple(moves)


def play(
    situation: Situation, by: Role, at: datetime, table: TableIndex = SHIPPED_TABLE
) -> Outcome:
    """Return the exchange after the move at inner instant `at`, and all that the move causes.

    Raises:
        WrongRuleset: the move belongs to another ruleset.
        IllegalMove: no row allows it; carries what is possible.
        ConditionFailed: a row exists but its condition does not hold; names the furthest one.
    """
    row, warnings = _choose_row(situation, by, table)
    exchange = situation.exchange
    move = situation.move
    entries = tuple(_make_entries(exchange, row))
    cs = _next_cs_statuses(situation, table)
    after = _apply_row(situation, row, at)
    reserved = after.reserved + sum(
        (entry.target == "reserved") * entry.num - (entry.source == "reserved") * entry.num
        for entry in entries
    )
    after = replace(after, reserved=reserved, cs_status=cs[-1] if cs else after.cs_status)
    return Outcome(
        exchange=after,
        rule=row.name,
        entries=entries,
        cs=cs,
        message_text=move.message_text or row.notice,
        human=by.actor is not Actor.SYSTEM,
        warnings=warnings,
    )


def _choose_row(situation: Situation, by: Role, table: TableIndex) -> tuple[Row, tuple[str, ...]]:
    """Return the first row that holds, with the warnings of its lenient conditions."""
    exchange = situation.exchange
    kind = type(situation.move)
    rulesets = table.rulesets_by_move.get(kind, ())
    if exchange.ruleset not in rulesets:
        raise WrongRuleset(exchange=exchange, move=kind, belongs=rulesets)
    source = None if situation.is_new else exchange.status
    furthest: Condition | None = None
    for row in table.rows_by_status[exchange.ruleset, source]:
        if row.move is not kind or row.by is not by.actor or not _cs_allows(exchange, kind, table):
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
            possible=possible(exchange, situation.rules, table),
            over=exchange.status in FINAL_STATUSES and kind is LeaveMessage,
        )
    raise ConditionFailed(
        exchange=exchange,
        move=kind,
        failure=furthest.failure,
        name=furthest.name,
        zh=_fill_sentence(furthest.zh, situation.move),
        en=_fill_sentence(furthest.en, situation.move),
    )


def _first_failure(situation: Situation, row: Row) -> tuple[Condition | None, tuple[str, ...]]:
    """Return the first condition that refuses (None: none), and the warnings of lenient ones."""
    warnings = []
    for condition in sorted(row.when, key=lambda condition: condition.kind):
        if condition.holds(situation):
            continue
        if not condition.strict_only or situation.rules["strict_logistics"]:
            return condition, ()
        warnings.append(_fill_sentence(f"{condition.zh} ({condition.en})", situation.move))
    return None, tuple(warnings)


def _fill_sentence(sentence: str, move: Move) -> str:
    """Return the sentence with the move's fields in it, long ones clipped."""
    return sentence.format_map(
        {name: str(getattr(move, name))[:_MAX_FIELD_CHARACTERS] for name in move.__struct_fields__}
    )


def _cs_allows(exchange: Exchange, kind: type[Move], table: TableIndex) -> bool:
    sources = table.cs_sources.get(kind)
    return sources is None or exchange.cs_status in sources


def is_enabled(row: Row, rules: RuleValues) -> bool:
    """Return False if the row depends on a boolean rule that is false."""
    return all(
        rules[condition.enabled_by] is True for condition in row.when if condition.enabled_by
    )


def _is_held(exchange: Exchange, row: Row) -> bool:
    return exchange.cs_status in IN_HAND and NOT_IN_HAND in row.when


def _next_cs_statuses(situation: Situation, table: TableIndex) -> tuple[CsStatus, ...]:
    """Return the statuses of customer service that the move writes, in order."""
    for row in table.cs_rows:
        if row.move is type(situation.move) and (row.when is None or row.when.holds(situation)):
            return row.targets
    return ()


def _make_entries(exchange: Exchange, row: Row) -> Iterator[Entry]:
    for posting in row.postings:
        units = getattr(exchange, posting.units)
        if units:
            yield Entry(getattr(exchange, posting.goods), units, posting.source, posting.target)


def _apply_row(situation: Situation, row: Row, at: datetime) -> Exchange:
    """Return the exchange in its new status, with what move and row write into it."""
    exchange = situation.exchange
    changes: dict[str, object] = {**dict(_fields_of_move(situation.move)), **dict(row.writes)}
    new_sku = changes.get("exchange_sku", exchange.exchange_sku)
    if isinstance(situation.move, Modify) and new_sku != exchange.exchange_sku:
        changes["new_bought_sku"] = new_sku
    if row.changes_modified:
        changes["modified"] = at
        if exchange.verbatim:
            stale = (*_DATED_FIELDS, *changes)
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
    """Return the address that the seller wrote or chose, else the shop's default one."""
    move = situation.move
    if isinstance(move, Agree) and move.complete_address:
        return move.complete_address
    chosen = move.address_id if isinstance(move, Agree) else None
    default = next(iter(situation.addresses.values()), "")
    return default if chosen is None else situation.addresses[chosen]


def _fields_of_move(move: Move) -> Iterator[tuple[str, object]]:
    """Return names and values of the exchange's fields that the move's own fields write."""
    if isinstance(move, BuyerRequest):
        yield from (
            (name, value)
            for name in BuyerRequest.__struct_fields__
            if (value := getattr(move, name))
        )
    elif isinstance(move, Shipment):
        side = "buyer" if isinstance(move, ShipBack) else "seller"
        yield f"{side}_logistic_name", move.logistics_company_name
        yield f"{side}_logistic_no", move.logistics_no
