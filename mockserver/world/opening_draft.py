"""Draft an exchange from the wire names of `tmall.exchange.get`, at any status, with a consistent
history.

A captured `result.exchange` works as it is: its values stay, and a SKU, trade or buyer that the
sandbox does not have is made.  The history is played through the table, so stock, messages and
events agree with the status.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from ..domain.catalogue import Buyer, Goods, Trade
from ..domain.exchange import Exchange
from ..domain.moves import MAX_UNITS
from ..domain.table import Row
from ..domain.vocabulary import CsStatus, GoodStatus, Phase, Ruleset, Status
from .document import BadDocument, read_document, read_instant
from .document_values import make_long_id, parse_price
from .opening_document import OpenDocument, Text, history_of, read_status, status_texts
from .state import State

__all__ = ["Draft", "check_opening", "draft_exchange"]


class Draft(Struct, frozen=True):
    """An application about to be opened: it and what is made for it are stored only when all is
    checked.

    `path` is the history to play, `created` and `modified` its first and last inner instants;
    `values` are those that stand once it has been played.
    """

    exchange: Exchange
    path: tuple[Row, ...]
    created: datetime
    modified: datetime
    values: Mapping[str, Any]
    goods: tuple[Goods, ...]
    buyer: Buyer
    trade: Trade


def check_opening(raw: object) -> None:
    """Raise if `raw` is wrong in every sandbox.

    A text for a status that only rules define counts as wrong.

    Raises:
        BadDocument: a field is unknown, or can never hold the value.
    """
    document = read_document(raw, OpenDocument)
    read_status(document.status, {})
    _number("num", document.num, least=1, most=MAX_UNITS)
    for name in ("dispute_id", "biz_order_id", "bizorder_id", "alipay_no", "tid", "oid"):
        _id(name, getattr(document, name))
    for name in ("created", "modified", "time_out"):
        _read_instant(name, getattr(document, name))
    for name in ("price", "payment"):
        if (price := getattr(document, name)) not in (UNSET, ""):
            parse_price(price, name)
    _enumerated("cs_status", CsStatus, document.cs_status)


def draft_exchange(raw: object, state: State, now: datetime) -> Draft:
    """Return what opening `raw` would store; `now` is inner.

    Raises:
        BadDocument: a field is unknown, wrong, or taken.
    """
    document = read_document(raw, OpenDocument)
    ruleset = _ruleset(document, state)
    status = read_status(document.status, status_texts(state.rules))
    path = history_of(ruleset, status, state.table)
    created, modified = _span(document, state, now, len(path))
    shop = _shop(document, state)
    num = _number("num", document.num, least=1, most=MAX_UNITS)
    bought = _goods(document.bought_sku, "bought", document, state)
    replacement = _goods(document.exchange_sku, "wanted", document, state)
    trade = _trade(document, state, shop, bought, num, created)
    buyer = _buyer(document, state, trade)
    trade = replace(trade, buyer=buyer.nick)
    seed = state.numbers["seed"]
    dispute_id = _free_id(document, state, seed)
    exchange = Exchange(
        dispute_id=dispute_id,
        shop=shop,
        ruleset=ruleset,
        status=Status.WAIT_SELLER_AGREE,
        created=created,
        modified=created,
        entered=created,
        tid=trade.tid,
        oid=trade.oid,
        bought_sku=bought.sku_id,
        exchange_sku=replacement.sku_id,
        num=num,
        title=bought.title,
        price=bought.price,
        payment=bought.price * num,
        phase=_phase(document),
        buyer_nick=buyer.nick,
        buyer_open_uid=buyer.open_uid,
        buyer_name=buyer.name,
        buyer_phone=buyer.phone,
        buyer_address=buyer.address,
        oaid=_set(document.oaid) or f"1exchange{dispute_id}",  # never the trade's
    )
    return Draft(
        exchange=exchange,
        path=path,
        created=created,
        modified=modified,
        values=_read_values(document, state),
        goods=(bought, replacement),
        buyer=buyer,
        trade=trade,
    )


def _set(value: Text) -> str:
    return "" if value is UNSET else str(value)


def _number(field: str, value: str | int, least: int, most: int) -> int:
    text = str(value).strip()
    digits = text.lstrip("0") or "0"  # more than 4,300 digits are no number to Python
    readable = text.isascii() and text.isdigit() and len(digits) <= 19
    if not readable or not least <= int(digits) <= most:
        raise BadDocument(
            field, f"应为 {least} 到 {most} 的整数", f"a whole number from {least} to {most}"
        )
    return int(digits)


def _id(field: str, value: str | int | UnsetType) -> int:
    return 0 if value is UNSET else _number(field, value, 1, 2**63 - 1)


def _same(document: OpenDocument, *names: str) -> int:
    """Return the id that goes by several names; 0 if none is set.

    Raises:
        BadDocument: two names give two ids.
    """
    numbers = {name: number for name in names if (number := _id(name, getattr(document, name)))}
    if len(set(numbers.values())) > 1:
        raise BadDocument(
            next(iter(numbers)),
            f"与 {'、'.join(list(numbers)[1:])} 不一致",
            f"differs from {', '.join(list(numbers)[1:])}",
        )
    return next(iter(numbers.values()), 0)


def _ruleset(document: OpenDocument, state: State) -> Ruleset:
    if document.ruleset is not UNSET:
        return document.ruleset
    marked = (
        document.attributes is not UNSET
        and '"newExchangeRepair":"1"' in document.attributes.replace(" ", "")
    )
    return Ruleset.UPGRADED if marked else state.ruleset


def _span(
    document: OpenDocument, state: State, now: datetime, steps: int
) -> tuple[datetime, datetime]:
    """Return first and last inner instants: those of the document, else an hour a step up to
    now."""
    created, modified = (
        _time(state, field, getattr(document, field)) for field in ("created", "modified")
    )
    if modified is None:
        modified = now if created is None or (steps > 1 and created < now) else created
    if created is None:
        created = modified - timedelta(hours=steps - 1) if steps > 1 else modified
    if created > modified:
        raise BadDocument("modified", "早于 created", "earlier than created")
    return created, modified


def _time(state: State, field: str, text: str | UnsetType) -> datetime | None:
    instant = _read_instant(field, text)
    return None if instant is None else state.clock.to_inner(instant)


def _read_instant(field: str, text: str | UnsetType) -> datetime | None:
    if text is UNSET or not text:
        return None
    return read_instant(text, field)


def _shop(document: OpenDocument, state: State) -> str:
    if document.shop is not UNSET and document.shop not in state.shops:
        names = "、".join(state.shops)
        raise BadDocument(
            "shop", f"没有这个店铺；可用：{names}", f"no such shop; use: {names}", missing=True
        )
    nick = document.shop if document.shop is not UNSET else _set(document.seller_nick)
    return nick if nick in state.shops else next(iter(state.shops))


def _goods(sku: Text, name: str, document: OpenDocument, state: State) -> Goods:
    """Return the goods of a SKU id or name; make those of an unknown SKU."""
    text = _set(sku) or name
    goods = state.goods.get(text) or next(
        (goods for goods in state.goods.values() if goods.sku_id == text), None
    )
    if goods is not None:
        return goods
    made = state.numbers.get("goods", 0) + 1
    sku_id = (
        text
        if sku is not UNSET and text
        else str(4_980_000_000_000 + made * 10 + (name == "wanted"))
    )
    return Goods(
        name=sku_id,
        sku_id=sku_id,
        num_iid=653_000_000_000 + made,
        outer_id=sku_id,
        title=_set(document.title) or f"商品 {sku_id}",
        price=0
        if document.price is UNSET or document.price == ""
        else parse_price(document.price, "price"),
    )


def _trade(
    document: OpenDocument, state: State, shop: str, goods: Goods, num: int, created: datetime
) -> Trade:
    """Return the sub-order that is named, else a new one: of the trade named, else of a new trade.

    Raises:
        BadDocument: the trade is another shop's, or the sub-order another trade's.
    """
    tid = _same(document, "alipay_no", "tid")
    oid = _same(document, "biz_order_id", "bizorder_id", "oid")
    trade = state.trades.get(oid)
    if trade is not None and tid not in (0, trade.tid):
        raise BadDocument(
            "oid",
            f"子订单 {oid} 属于交易 {trade.tid}",
            f"sub-order {oid} is of trade {trade.tid}",
            conflict=True,
        )
    if trade is None and tid:
        trade = next((trade for trade in state.trades.values() if trade.tid == tid), None)
    if trade is not None and trade.shop != shop:
        raise BadDocument(
            "tid",
            f"交易 {trade.tid} 属于店铺 {trade.shop}",
            f"trade {trade.tid} is shop {trade.shop}'s",
            conflict=True,
        )
    if trade is not None and oid in (0, trade.oid):
        return trade
    fresh = make_long_id(state.numbers["seed"], 2, state.numbers.get("trade", 0) + 1)
    return Trade(
        tid=tid or fresh,
        oid=oid or fresh + 2,
        shop=shop,
        buyer="",
        sku_id=goods.sku_id,
        num=num,
        payment=goods.price * num,
        created=created - timedelta(days=3),
        status="TRADE_FINISHED"
        if _phase(document) is Phase.AFTERSALE
        else "WAIT_BUYER_CONFIRM_GOODS",
    )


def _buyer(document: OpenDocument, state: State, trade: Trade) -> Buyer:
    """Return the buyer that is named, else the trade's, else one in turn; with the user's
    values."""
    people = list(state.buyers.values())
    nick = _set(document.buyer_nick) or trade.buyer
    number = state.numbers.get("dispute", 0)
    model = state.buyers.get(nick) or (
        people[number % len(people)] if people and not nick else None
    )
    if model is None:
        user_id = 2_310_000_000 + number
        model = Buyer(
            nick=nick or f"买家{number:02}",
            open_uid=f"AAHmade{user_id}",
            user_id=user_id,
            name=nick or "买家",
            phone="10000000000",
            address="浙江省^^^杭州市^^^西湖区^^^文三路1号",
            oaid=f"1oaid{user_id}",
        )
    values = {
        key: str(value)
        for key in ("open_uid", "name", "phone", "address")
        if (value := getattr(document, f"buyer_{key}")) is not UNSET
    }
    return replace(model, **values)


def _free_id(document: OpenDocument, state: State, seed: int) -> int:
    dispute_id = _id("dispute_id", document.dispute_id)
    if dispute_id:
        if dispute_id in state.exchanges:
            raise BadDocument(
                "dispute_id",
                f"换货单 {dispute_id} 已存在",
                f"exchange {dispute_id} exists",
                conflict=True,
            )
        return dispute_id
    number = state.numbers.get("dispute", 0) + 1
    while (fresh := make_long_id(seed, 3, number)) in state.exchanges:
        number += 1
    return fresh


def _phase(document: OpenDocument) -> Phase:
    text = _set(document.refund_phase)
    return Phase.ONSALE if "onsale" in text or "售中" in text else Phase.AFTERSALE


def _enumerated(field: str, kind: type[IntEnum], value: str | int | UnsetType) -> Any:
    try:
        return kind(_number(field, value, 0, 99)) if value is not UNSET else None
    except ValueError:
        raise BadDocument(field, f"没有 {value} 这个值", f"no such value: {value}") from None


def _read_values(document: OpenDocument, state: State) -> dict[str, Any]:
    """Return the values that stand after the history: typed where the product knows them, else
    verbatim."""
    verbatim = {
        name: value
        for name in (
            "price",
            "payment",
            "refund_phase",
            "operation_contraint",
            "attributes",
            "title",
            "new_bought_sku",
            "seller_nick",
            "refund_version",
            "advance_status",
        )
        if (value := getattr(document, name)) not in (UNSET, "")
    }
    for name in ("price", "payment"):
        if name in verbatim:
            parse_price(verbatim[name], name)
    verbatim = {
        name: value if name in ("refund_version", "advance_status") else str(value)
        for name, value in verbatim.items()
    }
    for name in ("refund_version", "advance_status"):
        if name in verbatim:
            verbatim[name] = _number(name, verbatim[name], 0, 2**63 - 1)
    values: dict[str, Any] = {}
    for name in (
        "reason",
        "desc",
        "address",
        "buyer_logistic_name",
        "buyer_logistic_no",
        "seller_logistic_name",
        "seller_logistic_no",
    ):
        if getattr(document, name) is not UNSET:
            values[name] = str(getattr(document, name))
    cs = _enumerated("cs_status", CsStatus, document.cs_status)
    if cs is not None:
        values["cs_status"] = cs
    if document.good_status is not UNSET:
        if document.good_status in set(GoodStatus):
            values["good_status"] = GoodStatus(document.good_status)
        elif document.good_status:
            verbatim["good_status"] = document.good_status
    if verbatim:
        values["verbatim"] = verbatim
    due = _time(state, "time_out", document.time_out)
    if due is not None:
        values["due"] = due
    return values
