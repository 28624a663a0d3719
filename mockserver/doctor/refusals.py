"""What was wrong with an argument (error 41), and how near a refused move was to a possible one."""

import re
from collections.abc import Iterator
from datetime import datetime
from difflib import get_close_matches

from ..domain.catalogue import refusal_stage
from ..domain.errors import ConditionFailed, DomainError, NoSuchExchange
from ..domain.near_miss import describe_near_miss, find_near_miss, serialize_near_miss
from ..domain.vocabulary import Status
from ..protocol.forms import parse_urlencoded
from ..protocol.shapes import Param, ValueKind, format_time
from ..world.world import World
from .finding_texts import Finding, make_finding
from .refused_call import RefusedCall
from .timestamps import rewrite_time

__all__ = ["examine_argument", "explain_failure"]

_MAX_ROUNDING = 256  # how far a double may be off an id of 18 digits
_FLOAT = re.compile(r"-?\d+\.\d*|-?\d(\.\d+)?[eE]\+?\d+", re.ASCII)
_TRUE_WORDS = ("true", "1", "yes")
_FALSE_WORDS = ("false", "0", "no")
_MAX_LISTED = 10
_MAX_NAME_CHARACTERS = 100  # a sub_code clips longer parameter names
_MAX_CARRIER_CHARACTERS = 64


def examine_argument(call: RefusedCall) -> Iterator[Finding]:
    """Find what the value of the parameter that error 41 names looks like."""
    assert call.error is not None
    name = call.error.sub_code.partition(":")[2]
    if call.repeated and name == call.repeated[:_MAX_NAME_CHARACTERS]:
        yield _count_repetitions(call, name)
        return
    params = call.method.params if call.method else ()
    param = next((param for param in params if param.name == name), None)
    if param is not None and not param.personal:
        near = call.world.now if call.world is not None else None
        yield from _examine_value(param, call.text(name), near)


def _examine_value(param: Param, value: str, near: datetime | None) -> Iterator[Finding]:
    name = param.name
    bare = value.strip(" \t\r\n\"'\ufeff")
    if param.kind is ValueKind.NUMBER and _FLOAT.fullmatch(bare):
        yield make_finding("rounded_number", name=name, given=bare)
    elif param.kind is ValueKind.NUMBER and bare != value and bare.isdigit():
        yield make_finding("argument_blanks", name=name)
    elif param.kind is ValueKind.DATE and (time := rewrite_time(value, near)):
        yield make_finding("time_form", name=name, meant=time)
    elif param.kind is ValueKind.BOOLEAN and bare.lower() in (*_TRUE_WORDS, *_FALSE_WORDS):
        correct = "true" if bare.lower() in _TRUE_WORDS else "false"
        yield make_finding("boolean_word", name=name, meant=correct)
    elif param.kind is ValueKind.STRINGS:
        yield from _examine_list(name, value)


def _examine_list(name: str, value: str) -> Iterator[Finding]:
    statuses: list[Status] = []
    if name == "dispute_status_array":
        statuses = [
            status for status in Status if status.zh in value or status.name in value.upper()
        ]
    if statuses:
        correct = "、".join(f"{status.zh} {status.value}" for status in statuses)
        yield make_finding("status_words", name=name, meant=correct)
    elif re.search("[，;；、|]", value):
        yield make_finding("list_commas", name=name)


def _count_repetitions(call: RefusedCall, name: str) -> Finding:
    """Return where a repeated parameter stood: how often in the query and in the body."""
    body = b"" if call.raw_body else call.inbound.body or b""
    in_query = _count_name(call.inbound.query, name)
    if call.inbound.content_type.lower().startswith("multipart/"):
        in_body = len(re.findall(rf'name="?{re.escape(name)}"?'.encode(), body))
    else:
        in_body = _count_name(body, name)
    counts = (("query", in_query), ("body", in_body))
    where = " + ".join(f"{place} × {count}" for place, count in counts if count)
    return make_finding("repeated_where", name=name, count=in_query + in_body, where=where)


def _count_name(form: bytes, name: str) -> int:
    return sum(other == name for other, _ in parse_urlencoded(form))


def explain_failure(call: RefusedCall, failure: DomainError) -> Iterator[Finding]:
    """Find how near a failure was to a success: who has to do what first, and until when."""
    world = call.world
    assert world is not None
    if isinstance(failure, NoSuchExchange):
        yield from _find_exchange(call, world, failure.dispute_id)
        return
    exchange = failure.exchange
    move = call.method.move if call.method else None
    if exchange is None or move is None or call.session is None:
        return
    aged = world.view.clock.aged
    near_miss = find_near_miss(
        exchange, move, call.session.role.actor, world.view.rules, table=world.view.table
    )
    zh, en = describe_near_miss(near_miss, lambda instant: format_time(instant - aged))
    details = serialize_near_miss(near_miss, lambda instant: format_time(instant - aged))
    yield make_finding("near_miss", {"status_now": exchange.status.value, **details}, zh=zh, en=en)
    if isinstance(failure, ConditionFailed):
        yield from _list_accepted_values(call, world, failure)


def _find_exchange(call: RefusedCall, world: World, sent: int) -> Iterator[Finding]:
    """Find the exchange that an id was probably meant for, when the caller cannot see it."""
    view = world.view
    worlds = call.directory.loaded()
    home = next((other for other in worlds if other.view.has_exchange(sent)), None)
    rounded = [
        number
        for number in range(sent - _MAX_ROUNDING, sent + _MAX_ROUNDING + 1)
        if view.has_exchange(number) and float(number) == float(sent)
    ]
    trade = next((row for row in list(view.exchanges()) if sent in (row.tid, row.oid)), None)
    if view.has_exchange(sent):
        yield make_finding("other_shop", given=str(sent))
    elif rounded:
        yield make_finding("rounded_id", given=str(sent), known=str(rounded[0]))
    elif trade is not None:
        what = "子订单号 oid"
        what_en = "sub-order id (oid)"
        if sent == trade.tid:
            what = "主订单号 tid"
            what_en = "trade id (tid)"
        dispute_id = str(trade.dispute_id)
        yield make_finding(
            "trade_id", given=str(sent), what=what, what_en=what_en, known=dispute_id
        )
    elif home is not None:
        yield make_finding("other_sandbox", given=str(sent), known=home.id)


def _list_accepted_values(
    call: RefusedCall, world: World, failure: ConditionFailed
) -> Iterator[Finding]:
    """List what the failed condition accepts."""
    exchange = failure.exchange
    view = world.view
    assert exchange is not None
    if failure.failure == "unknown_address":
        addresses = view.shop(exchange.shop).return_addresses()
        yield _list_values("address_id", [str(number) for number in addresses])
    elif failure.failure == "unknown_reason":
        when = refusal_stage(exchange.status)
        reasons = [
            f"{reason.reason_id} {reason.reason_text}"
            for reason in view.reasons
            if reason.stage == when
        ]
        yield _list_values("seller_refuse_reason_id", reasons)
    elif failure.failure == "unknown_carrier":
        names = [carrier.name for carrier in view.carriers]
        sent = call.text("logistics_company_name")[:_MAX_CARRIER_CHARACTERS]
        yield _list_values(
            "logistics_company_name", get_close_matches(sent, names, 3, 0.4) or names
        )
    elif failure.failure == "no_stock":
        accounts = view.accounts(exchange.exchange_sku)
        yield make_finding(
            "stock_left", sku=exchange.exchange_sku, left=accounts.available, wanted=exchange.num
        )


def _list_values(name: str, values: list[str]) -> Finding:
    listed = values[:_MAX_LISTED]
    return make_finding(
        "possible_values",
        {"name": name, "known": listed},
        name=name,
        known="、".join(listed) or "-",
    )
