"""What was wrong with an argument, and how near a refused move was."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from ..domain.catalogue import stage_of
from ..domain.errors import ConditionFailed, DomainError, NoSuchExchange
from ..domain.near import near, sentences, shown
from ..domain.vocabulary import Status
from ..gateway.call import Call
from ..gateway.checks import SandboxLookup
from ..protocol.errors import TopError
from ..protocol.forms import read_urlencoded
from ..protocol.shapes import Param, ValueKind, show_time
from ..world.directory import Directory
from ..world.world import World
from .finding_texts import Finding, make_finding
from .timestamps import rewritten

__all__ = ["explain_near_miss", "wrong_argument"]

_ROUNDING = 256  # how far a double may be off an id of 18 digits
_FLOAT = re.compile(r"-?\d+\.\d*|-?\d(\.\d+)?[eE]\+?\d+", re.ASCII)
_TOLD = 10


def wrong_argument(call: Call, lookup: SandboxLookup, error: TopError) -> Iterator[Finding]:
    """What the value of error 41 looks like."""
    name = error.sub_code.partition(":")[2]
    if call.repeated and name == call.repeated[:100]:
        yield from _repeated(call, name)
        return
    params = call.method.params if call.method else ()
    param = next((each for each in params if each.name == name), None)
    if param is not None and not param.personal:
        yield from _misshapen(param, call.texts.get(name, ""))


def _misshapen(param: Param, value: str) -> Iterator[Finding]:
    name, bare = param.name, value.strip(" \t\r\n\"'\ufeff")
    if param.kind is ValueKind.NUMBER and _FLOAT.fullmatch(bare):
        yield make_finding("rounded_number", name=name, given=bare)
    elif param.kind is ValueKind.NUMBER and bare != value and bare.isdigit():
        yield make_finding("argument_blanks", name=name)
    elif param.kind is ValueKind.DATE and (other := rewritten(value)):
        yield make_finding("time_form", name=name, meant=other)
    elif param.kind is ValueKind.BOOLEAN and bare.lower() in (
        "true",
        "false",
        "1",
        "0",
        "yes",
        "no",
    ):
        yield make_finding(
            "boolean_word",
            name=name,
            meant="true" if bare.lower() in ("true", "1", "yes") else "false",
        )
    elif param.kind is ValueKind.STRINGS:
        words = (
            [status for status in Status if status.zh in value or status.name in value.upper()]
            if name == "dispute_status_array"
            else []
        )
        if words:
            yield make_finding(
                "status_words",
                name=name,
                meant="、".join(f"{status.zh} {status.value}" for status in words),
            )
        elif re.search("[，;；、|]", value):
            yield make_finding("list_commas", name=name)


def _repeated(call: Call, name: str) -> Iterator[Finding]:
    query = sum(each == name for each, _ in read_urlencoded(call.inbound.query))
    text = b"" if call.raw_body else call.inbound.body or b""
    multipart = call.inbound.content_type.lower().startswith("multipart/")
    body = (
        len(re.findall(rf'name="?{re.escape(name)}"?'.encode(), text))
        if multipart
        else sum(each == name for each, _ in read_urlencoded(text))
    )
    where = " + ".join(
        f"{what} × {count}" for what, count in (("query", query), ("body", body)) if count
    )
    yield make_finding("repeated_where", name=name, count=query + body, where=where)


def explain_near_miss(call: Call, directory: Directory, refused: DomainError) -> Iterator[Finding]:
    """How near a business failure was to a success."""
    world = call.world
    assert world is not None
    if isinstance(refused, NoSuchExchange):
        yield from _looked_for(world, directory, refused.dispute_id)
        return
    exchange, move = refused.exchange, call.method.move if call.method else None
    if exchange is None or move is None or call.session is None:
        return
    aged = world.state.clock.aged
    found = near(exchange, move, call.session.role.actor, world.state.rules)
    zh, en = sentences(found, lambda at: show_time(at - aged))
    yield make_finding(
        "near_miss",
        {"status_now": exchange.status.value, **shown(found, lambda at: show_time(at - aged))},
        zh=zh,
        en=en,
    )
    if isinstance(refused, ConditionFailed):
        yield from _values(call, world, refused)


def _looked_for(world: World, directory: Directory, given: int) -> Iterator[Finding]:
    """Where an exchange is that this caller cannot see under this id."""
    exchanges = world.state.exchanges
    home = next((each for each in directory.all() if given in each.state.exchanges), None)
    close = [
        number
        for number in range(given - _ROUNDING, given + _ROUNDING + 1)
        if number in exchanges and float(number) == float(given)
    ]
    trade = next((each for each in list(exchanges.values()) if given in (each.tid, each.oid)), None)
    if given in exchanges:
        yield make_finding("other_shop", given=str(given))
    elif close:
        yield make_finding("rounded_id", given=str(given), known=str(close[0]))
    elif trade is not None:
        what, what_en = (
            ("主订单号 tid", "trade id (tid)")
            if given == trade.tid
            else ("子订单号 oid", "sub-order id (oid)")
        )
        yield make_finding(
            "trade_id", given=str(given), what=what, what_en=what_en, known=str(trade.dispute_id)
        )
    elif home is not None:
        yield make_finding("other_sandbox", given=str(given), known=home.id)


def _values(call: Call, world: World, refused: ConditionFailed) -> Iterator[Finding]:
    """What a condition would have taken."""
    exchange, state = refused.exchange, world.state
    assert exchange is not None
    if refused.failure == "unknown_address":
        yield _possible(
            "address_id", [str(number) for number in state.shops[exchange.shop].return_addresses()]
        )
    elif refused.failure == "unknown_reason":
        stage = stage_of(exchange.status)
        yield _possible(
            "seller_refuse_reason_id",
            [
                f"{each.reason_id} {each.reason_text}"
                for each in state.reasons
                if each.stage == stage
            ],
        )
    elif refused.failure == "unknown_carrier":
        known = [carrier.name for carrier in state.carriers]
        close = get_close_matches(call.texts.get("logistics_company_name", "")[:64], known, 3, 0.4)
        yield _possible("logistics_company_name", close or known)
    elif refused.failure == "no_stock":
        accounts = state.accounts.get(exchange.exchange_sku)
        yield make_finding(
            "stock_left",
            sku=exchange.exchange_sku,
            left=accounts.available if accounts else 0,
            wanted=exchange.num,
        )


def _possible(name: str, known: list[str]) -> Finding:
    return make_finding(
        "possible_values",
        {"name": name, "known": known[:_TOLD]},
        name=name,
        known="、".join(known[:_TOLD]) or "-",
    )
