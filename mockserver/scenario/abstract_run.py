"""Moves exchanges that are only thought of.

The table on made-up exchanges, for the static check.

Addresses, reasons and carriers are taken to be right.  Stock may be there or not, goods that a
modification names may be those of before or others, and a verdict that is taken from a reply may be
any: all are tried, and one exchange becomes several possible ones.
"""

from collections.abc import Iterable, Iterator, Set
from datetime import datetime, timedelta

from msgspec.structs import replace

from ..domain.conditions import Situation
from ..domain.errors import ConditionFailed
from ..domain.exchange import Exchange
from ..domain.moves import Expire, Judge, Modify, Move
from ..domain.play import deadline, play
from ..domain.rules import RuleValues
from ..domain.table_index import SHIPPED_TABLE, TableIndex
from ..domain.vocabulary import Actor, CsStatus, Ruleset, Status, Verdict
from ..world.document import BadDocument
from ..world.move_parser import parse_move
from ..world.opening_document import history_of, read_status
from .model import MoveStep
from .references import has_references
from .state_sentences import States
from .yaml_text import FileMistake, Node

__all__ = ["Impossible", "Saved", "Unknown", "expire", "make_older", "open_exchange", "play_move"]

_INSTANT_FIELDS = ("created", "modified", "time_out")
_GOODS_FIELDS = ("exchange_sku", "num")
_SKU = "sku"
_OTHER_SKU = "other sku"
_PLENTY = 10**9  # units


class Unknown(Exception):
    """From here on nothing can be known without running."""


class Impossible(Exception):
    """A step can never succeed."""

    def __init__(self, mistake: FileMistake) -> None:
        self.mistake = mistake
        super().__init__(mistake.zh)


class Saved:
    """What a snapshot keeps."""

    def __init__(self, states: Iterable[States], now: datetime, rules: RuleValues) -> None:
        self.states = tuple(states)
        self.now = now
        self.rules = rules


def open_exchange(
    fields: Node, ruleset: Ruleset, now: datetime, table: TableIndex = SHIPPED_TABLE
) -> tuple[Exchange, bool]:
    """Return `(exchange, unknown_deadline)` for the fields of an application.

    `unknown_deadline` is True if the fields name instants, from which the deadline would follow.
    """
    values = {key: node.value for key, node in fields.value.items()}
    own = values.get("ruleset")
    if isinstance(own, str) and own in set(Ruleset):
        ruleset = Ruleset(own)
    elif '"newExchangeRepair":"1"' in str(values.get("attributes", "")).replace(" ", ""):
        ruleset = Ruleset.UPGRADED
    try:
        status = read_status(values.get("status", 1), {})
        path = history_of(ruleset, status, table)
    except BadDocument:
        status = Status.WAIT_SELLER_AGREE
        path = history_of(ruleset, Status.WAIT_SELLER_AGREE, table)
    cs = values.get("cs_status", 1)
    exchange = Exchange(
        dispute_id=1,
        shop="",
        ruleset=ruleset,
        status=status,
        created=now,
        modified=now,
        entered=now,
        tid=1,
        oid=1,
        bought_sku=_SKU,
        exchange_sku=_SKU,
        cs_status=CsStatus(int(cs))
        if str(cs).isdigit() and int(cs) in set(CsStatus)
        else CsStatus.NOT_NEEDED,
        refused_from=path[-1].source if status is Status.WAIT_BUYER_MODIFY else None,
    )
    return exchange, any(name in values for name in _INSTANT_FIELDS)


def play_move(
    exchange: Exchange,
    step: MoveStep,
    rules: RuleValues,
    now: datetime,
    *,
    table: TableIndex = SHIPPED_TABLE,
) -> list[Exchange]:
    """Return what the exchange may be after the step's move, whatever is not known.

    Raises:
        IllegalMove, WrongRuleset: no row allows it.
    """
    literal = {
        key: node.plain() for key, node in step.fields.value.items() if not has_references(node)
    }
    try:
        move = parse_move(step.actor, step.move.name(), literal, rules, table=table).move
    except BadDocument:
        move = step.move()
    outcomes = [
        after
        for possible in _possible_moves(move, unknown=step.fields.value.keys() - literal.keys())
        for after in _play(_assume(exchange, possible, rules), step.actor, now, table)
    ]
    return list(dict.fromkeys(outcomes))


def _possible_moves(move: Move, unknown: Set[str]) -> list[Move]:
    """Return what the move may be.

    `unknown` names the fields that are taken from replies.  The goods of an exchange that is only
    thought of are not known, nor whether a modification names others.
    """
    if isinstance(move, Judge) and "for" in unknown:
        return [replace(move, verdict=verdict) for verdict in Verdict]
    names_goods = isinstance(move, Modify) and (
        move.exchange_sku or move.num or not unknown.isdisjoint(_GOODS_FIELDS)
    )
    if not names_goods:
        return [move]
    return [replace(move, exchange_sku=sku, num=0) for sku in (_SKU, _OTHER_SKU)]


def _assume(exchange: Exchange, move: Move, rules: RuleValues) -> Situation:
    """Return a situation in which only the state can refuse the move."""
    return Situation(
        exchange=exchange,
        move=move,
        rules=rules.with_changes({"strict_logistics": False}),
        available=_PLENTY,
        addresses={getattr(move, "address_id", None): ""},  # type: ignore[dict-item]  # whichever is named exists
        reasons=(getattr(move, "seller_refuse_reason_id", None),),  # type: ignore[arg-type]
        carriers=(),
        waybills={},
    )


def _play(situation: Situation, by: Actor, now: datetime, table: TableIndex) -> list[Exchange]:
    """Return what the exchange may be after the move, with stock and without."""
    outcomes = []
    for available in (_PLENTY, 0):
        try:
            after = play(replace(situation, available=available), by.main_role, now, table).exchange
        except ConditionFailed:
            continue
        outcomes.append(
            replace(
                after,
                modified=after.entered,
                address="",
                exchange_sku=_SKU,
                reserved=0,
                buyer_logistic_no="",
                seller_logistic_no="",
            )
        )
    return list(dict.fromkeys(outcomes))


def expire(
    exchange: Exchange,
    rules: RuleValues,
    now: datetime,
    *,
    earliest: datetime | None = None,
    table: TableIndex = SHIPPED_TABLE,
) -> Iterator[Exchange]:
    """Yield what the exchange may be after everything that is due by `now` has fired.

    `earliest` is the first instant at which anything can fire, as after a change of rules.
    """
    due = deadline(exchange, rules, table)
    if due is None or due > now:
        yield exchange
        return
    situation = _assume(exchange, Expire(), rules)
    for after in _play(situation, Actor.SYSTEM, max(due, earliest or due), table):
        yield from expire(after, rules, now, earliest=earliest, table=table)


def make_older(exchange: Exchange, span: timedelta) -> Exchange:
    """Return the exchange with all that its deadline counts from older by `span`."""
    due = exchange.due and exchange.due - span
    return replace(exchange, entered=exchange.entered - span, due=due)
