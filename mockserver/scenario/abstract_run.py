"""Where a move may lead an exchange that is only thought of: the table played on made-up exchanges.

Addresses, reasons and carriers are taken to be right; stock may be there or not, so both are tried.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from ..domain.conditions import Situation
from ..domain.errors import ConditionFailed
from ..domain.exchange import Exchange
from ..domain.moves import Expire, Move
from ..domain.play import deadline, play
from ..domain.rules import RuleValues
from ..domain.vocabulary import Actor, CsStatus, Ruleset, Status
from ..world.document import BadDocument
from ..world.move_parser import parse_move
from ..world.opening import history_of, read_status
from .model import MoveStep
from .references import has_references
from .yaml_text import Node

__all__ = ["expired", "opened", "outcomes"]

_DATED = ("created", "modified", "time_out")
_SKU = "sku"


def opened(fields: Node, ruleset: Ruleset, now: datetime) -> tuple[Exchange, bool]:
    """The exchange that an application opens, and whether its deadline cannot be told."""
    given = {key: node.value for key, node in fields.value.items()}
    own = given.get("ruleset")
    if own in set(Ruleset):
        ruleset = Ruleset(own)
    elif '"newExchangeRepair":"1"' in str(given.get("attributes", "")).replace(" ", ""):
        ruleset = Ruleset.UPGRADED
    try:
        status = read_status(given.get("status", 1), {})
        path = history_of(ruleset, status)
    except BadDocument:
        status, path = Status.WAIT_SELLER_AGREE, history_of(ruleset, Status.WAIT_SELLER_AGREE)
    cs = given.get("cs_status", 1)
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
    return exchange, any(name in given for name in _DATED)


def outcomes(
    exchange: Exchange, step: MoveStep, rules: RuleValues, now: datetime
) -> list[Exchange]:
    """The exchange after the step's move, with stock and without.

    Raises:
        IllegalMove, WrongFlow: no row allows it.
    """
    literal = {
        key: node.plain() for key, node in step.fields.value.items() if not has_references(node)
    }
    try:
        move = parse_move(step.by, step.move.name(), literal, rules).move
    except BadDocument:
        move = step.move()
    return _played(exchange, move, step.by, rules, now)


def _played(
    exchange: Exchange, move: Move, by: Actor, rules: RuleValues, now: datetime
) -> list[Exchange]:
    found = []
    for available in (10**9, 0):
        situation = Situation(
            exchange=exchange,
            move=move,
            rules=rules.with_changes({"strict_logistics": False}),
            available=available,
            addresses={getattr(move, "address_id", None): ""},  # type: ignore[dict-item]  # whatever is named is there
            reasons=(getattr(move, "seller_refuse_reason_id", None),),  # type: ignore[arg-type]
            carriers=(),
            waybills={},
        )
        try:
            after = play(situation, by.main_role, now).exchange
        except ConditionFailed:
            continue
        found.append(
            replace(
                after,
                modified=after.entered,
                address="",
                reserved=0,
                buyer_logistic_no="",
                seller_logistic_no="",
            )
        )
    return list(dict.fromkeys(found))


def expired(
    exchange: Exchange, rules: RuleValues, now: datetime, earliest: datetime | None = None
) -> Iterator[Exchange]:
    """The exchange with everything fired that is due by now; `earliest` as in a change of rules."""
    due = deadline(exchange, rules)
    if due is None or due > now:
        yield exchange
        return
    for after in _played(exchange, Expire(), Actor.SYSTEM, rules, max(due, earliest or due)):
        yield from expired(after, rules, now, earliest)
