"""Check that a snapshot document fits together, so that what is restored can be read and moved
on."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from ..domain.exchange import Exchange
from ..domain.moves import MAX_UNITS
from ..protocol.pictures import detect_picture_type
from .clock import EARLIEST, LATEST, is_reachable
from .document import BadDocument
from .state import State

__all__ = ["check_fit", "check_instants"]


def check_instants(document: object, path: str = "") -> None:
    """Raise unless every instant in `document` has a zone and a year that a sandbox can be in.

    Raises:
        BadDocument: names the one that does not.
    """
    for place, instant in _instants(document, path):
        if instant.tzinfo is None or not is_reachable(instant):
            raise BadDocument(
                place,
                f"应带时区，且在 {EARLIEST}–{LATEST} 年",
                f"with a zone, in the years {EARLIEST} to {LATEST}",
            )


def _instants(value: Any, path: str) -> Iterator[tuple[str, datetime]]:
    if isinstance(value, datetime):
        yield path, value
    elif isinstance(value, Struct):
        for name, written in zip(
            value.__struct_fields__, value.__struct_encode_fields__, strict=True
        ):
            yield from _instants(getattr(value, name), f"{path}.{written}".lstrip("."))
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _instants(member, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from _instants(member, f"{path}[{place}]")


def check_fit(state: State, exchanges: Sequence[Exchange], sessions: Sequence[Any]) -> None:
    """Raise unless whatever a part of the state names is there: shops, accounts, facts, messages.

    Reserved stock has to cover what exchanges hold.

    Raises:
        BadDocument: names the part that does not fit.
    """
    if "seed" not in state.numbers:
        raise BadDocument("numbers", "缺少 seed", "seed is missing")
    for part in ("shops", "apps", "sessions"):
        if not getattr(state, part):
            raise BadDocument(part, "不能为空", "cannot be empty")
    if len(state.exchanges) < len(exchanges) or len(state.sessions) < len(sessions):
        raise BadDocument(
            "exchanges" if len(state.exchanges) < len(exchanges) else "sessions",
            "有重复",
            "one stands twice",
        )
    for session in state.sessions.values():
        if session.shop not in state.shops:
            raise BadDocument("sessions", f"没有店铺 {session.shop}", f"no shop {session.shop}")
    held: Counter[str] = Counter()
    for place, exchange in enumerate(exchanges):
        _check_exchange(state, exchange, f"exchanges[{place}]")
        held[exchange.exchange_sku] += exchange.reserved
    for sku, units in held.items():
        if state.accounts[sku].reserved < units:
            raise BadDocument(
                "accounts",
                f"SKU {sku} 的预占少于换货单所占",
                f"SKU {sku} has less reserved than exchanges hold",
            )
    _check_plans(state)
    _check_accounts(state)
    _check_blobs(state)


def _check_exchange(state: State, exchange: Exchange, path: str) -> None:
    if not (1 <= exchange.num <= MAX_UNITS and 0 <= exchange.reserved <= MAX_UNITS):
        raise BadDocument(
            f"{path}.num", "num 或 reserved 超出范围", "num or reserved is out of bounds"
        )
    if exchange.shop not in state.shops:
        raise BadDocument(f"{path}.shop", f"没有店铺 {exchange.shop}", f"no shop {exchange.shop}")
    for part, by_exchange in (("facts", state.events), ("messages", state.messages)):
        if exchange.dispute_id not in by_exchange:
            raise BadDocument(
                part,
                f"没有换货单 {exchange.dispute_id} 的记录",
                f"none of exchange {exchange.dispute_id}",
            )
    for sku in (exchange.bought_sku, exchange.exchange_sku):
        if sku not in state.accounts:
            raise BadDocument("accounts", f"没有 SKU {sku}", f"no SKU {sku}")


def _check_plans(state: State) -> None:
    for dispute_id, plans in state.plans.items():
        parties = [plan.party for plan in plans]
        if dispute_id == 0 and state.robots and state.robots.applies:
            continue
        if dispute_id not in state.exchanges:
            raise BadDocument("planned", f"没有换货单 {dispute_id}", f"no exchange {dispute_id}")
        if len(set(parties)) < len(parties) or any(
            getattr(state.robots, party.value, None) is None for party in parties
        ):
            raise BadDocument(
                "planned",
                f"换货单 {dispute_id}：每个机器人至多一个计划",
                f"exchange {dispute_id}: one plan for each robot at most",
            )


def _check_accounts(state: State) -> None:
    for sku, accounts in state.accounts.items():
        held = asdict(accounts)
        outside = held.pop("outside")
        if any(not 0 <= units < 2**53 for units in held.values()) or abs(outside) >= 2**53:
            raise BadDocument(f"accounts.{sku}", "数量超出范围", "units are out of bounds")


def _check_blobs(state: State) -> None:
    for method, reply in state.stubs.items():
        try:
            decoded = msgspec.json.decode(reply)
        except msgspec.DecodeError:
            decoded = None
        if not isinstance(decoded, dict):
            raise BadDocument(f"stubs.{method}", "不是 JSON 对象", "not a JSON object")
    for name, content in state.pictures.items():
        if not detect_picture_type(content):
            raise BadDocument(f"pictures.{name}", "不是图片", "not a picture")
