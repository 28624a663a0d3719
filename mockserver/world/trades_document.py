"""The trades of a world document: each line is a sub-order, ready to be shipped or exchanged."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ..domain.catalogue import Goods, Trade
from ..protocol.shapes import parse_time
from .document import BadDocument, TradeDocument
from .document_values import make_long_id, parse_id, parse_price
from .state import State

__all__ = ["MAX_TRADE_NUM", "TRADE_STATUSES", "add_trades"]

TRADE_STATUSES = (
    "WAIT_SELLER_SEND_GOODS",
    "WAIT_BUYER_CONFIRM_GOODS",
    "TRADE_BUYER_SIGNED",
    "TRADE_FINISHED",
)
MAX_TRADE_NUM = 1_000_000


def add_trades(state: State, documents: Iterable[TradeDocument]) -> None:
    """Store the sub-orders of a document; what they leave open is made up, in their order.

    A sub-order without a trade is one of its own; without `created` it is three days old, one day
    if it has not been shipped.

    Raises:
        BadDocument: a value that cannot be, with its field.
    """
    for document in documents:
        trade = _read_trade(state, document)
        if trade.oid in state.trades:
            raise BadDocument("trades.oid", f"{trade.oid} 重复", f"{trade.oid} is given twice")
        siblings = [order for order in state.trades.values() if order.tid == trade.tid]
        if siblings and (siblings[0].shop, siblings[0].buyer) != (trade.shop, trade.buyer):
            raise BadDocument(
                "trades.tid",
                f"交易 {trade.tid} 的子订单应属于同一店铺和买家",
                f"the sub-orders of trade {trade.tid} have one shop and one buyer",
            )
        state.trades[trade.oid] = trade


def _read_trade(state: State, document: TradeDocument) -> Trade:
    if document.status not in TRADE_STATUSES:
        names = "、".join(TRADE_STATUSES)
        raise BadDocument("trades.status", f"应为 {names}", f"one of {', '.join(TRADE_STATUSES)}")
    if not 1 <= document.num <= MAX_TRADE_NUM:
        raise BadDocument("trades.num", f"应为 1 到 {MAX_TRADE_NUM}", f"1 to {MAX_TRADE_NUM}")
    goods = _find_goods(state, str(document.goods))
    number = state.number("trade")
    fresh = make_long_id(state.numbers["seed"], 2, number)
    is_new = document.status == TRADE_STATUSES[0]
    created = _read_created(state, document.created)
    payment = (
        goods.price * document.num
        if document.payment is None
        else parse_price(document.payment, "trades.payment")
    )
    return Trade(
        tid=parse_id(document.tid, "trades.tid") or fresh,
        oid=parse_id(document.oid, "trades.oid") or fresh + 2,
        shop=_find_name(document.shop, state.shops, "trades.shop"),
        buyer=_find_name(document.buyer, state.buyers, "trades.buyer"),
        sku_id=goods.sku_id,
        num=document.num,
        payment=payment,
        created=created or state.clock.at - timedelta(days=1 if is_new else 3),
        status=document.status,
    )


def _find_goods(state: State, name: str) -> Goods:
    by_sku = {goods.sku_id: goods for goods in state.goods.values()}
    goods = state.goods.get(name) or by_sku.get(name)
    if goods is None:
        names = "、".join(state.goods)
        raise BadDocument("trades.goods", f"没有商品 {name}；可用：{names}", f"no goods {name}")
    return goods


def _find_name(name: str, names: Iterable[str], field: str) -> str:
    """Return the name, the first one if it is empty."""
    choices = list(names)
    if not choices or (name and name not in choices):
        raise BadDocument(field, f"没有 {name}；可用：{'、'.join(choices)}", f"there is no {name}")
    return name or choices[0]


def _read_created(state: State, text: str | None) -> datetime | None:
    if text is None:
        return None
    instant = parse_time(text)
    if instant is None:
        raise BadDocument("trades.created", "应为 yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss")
    return state.clock.to_inner(instant)
