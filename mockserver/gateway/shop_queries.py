"""What the methods on a shop answer: the seller, goods, shipments, and where calls are sent."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import cast

from ..domain.catalogue import Goods, Trade
from ..protocol.errors import TopError
from ..protocol.shapes import Items, Tree, format_price
from .query_context import QueryContext, cut_page, requested_fields, select_members
from .trade_queries import find_orders
from .trade_record import last_modified

__all__ = ["SHOP_QUERIES"]

_ITEM_NUMBER = "num_iid"
_UNSHIPPED = ("WAIT_BUYER_PAY", "WAIT_SELLER_SEND_GOODS")
_SIGNED = ("TRADE_BUYER_SIGNED", "TRADE_FINISHED")
_COLLECTED_AFTER = timedelta(hours=2)  # of being shipped
_SIGNED_AFTER = timedelta(days=2)


def _not_found(name: str, value: object) -> TopError:
    """Return the error of goods that the sandbox does not have; the platform's is not captured."""
    return TopError(
        15,
        sub_code=f"isv.invalid-parameter:{name}",
        sub_msg=f"{name} 不存在",
        zh=f"没有 {name} 为 {value} 的商品",
        en=f"no goods with {name} {value}",
    )


def _seller(query: QueryContext) -> Tree:
    """Return the seller of the session's shop: a sub-account stands for its main account."""
    shop = query.world.shop(query.shop)
    credit = {"good_num": 0, "level": 1, "score": 0, "total_num": 0}
    members: Tree = {
        "user_id": shop.seller_id,
        "nick": shop.nick,
        "type": "B",
        "status": "normal",
        "has_shop": True,
        "consumer_protection": True,
        "seller_credit": credit,
    }
    return {"user": select_members(members, requested_fields(query.method, query.arguments))}


def _sku_members(goods: Goods, query: QueryContext) -> Tree:
    accounts = query.world.accounts(goods.sku_id)
    return {
        "sku_id": int(goods.sku_id) if goods.sku_id.isdecimal() else None,
        "num_iid": goods.num_iid,
        "outer_id": goods.outer_id,
        "price": format_price(goods.price),
        "quantity": accounts.available,
        "with_hold_quantity": accounts.reserved,
        "status": "normal",
    }


def _sku(query: QueryContext) -> Tree:
    """Return a SKU with its price and the stock that is on the shelf.

    Raises:
        TopError: 15, if there is no such SKU, or it is another item's.
    """
    arguments = query.arguments
    goods = query.world.goods_of_sku(str(arguments["sku_id"]))
    if goods is None:
        raise _not_found("sku_id", arguments["sku_id"])
    if arguments.get(_ITEM_NUMBER, goods.num_iid) != goods.num_iid:
        raise _not_found(_ITEM_NUMBER, arguments[_ITEM_NUMBER])
    fields = requested_fields(query.method, arguments)
    return {"sku": select_members(_sku_members(goods, query), fields)}


def _item(query: QueryContext) -> Tree:
    """Return an item: what its SKUs have in common, and the SKUs.

    Raises:
        TopError: 15, if there is no such item.
    """
    number = query.arguments[_ITEM_NUMBER]
    skus = [goods for goods in query.world.goods() if goods.num_iid == number]
    if not skus:
        raise _not_found(_ITEM_NUMBER, number)
    rows = [_sku_members(goods, query) for goods in skus]
    names = ("sku_id", "outer_id", "price", "quantity")
    members: Tree = {
        _ITEM_NUMBER: number,
        "title": skus[0].title,
        "nick": query.shop,
        "outer_id": skus[0].outer_id,
        "price": format_price(min(goods.price for goods in skus)),
        "num": sum(row["quantity"] for row in rows),
        "type": "fixed",
        "approve_status": "onsale",
        "stuff_status": "new",
        "sold_quantity": sum(
            order.num for order in query.world.trades() if order.sku_id in {g.sku_id for g in skus}
        ),
        "with_hold_quantity": sum(row["with_hold_quantity"] for row in rows),
        "skus": Items("sku", [select_members(row, names) for row in rows]),
    }
    return {"item": select_members(members, requested_fields(query.method, query.arguments))}


def _shipment_status(order: Trade) -> str:
    if order.status in _UNSHIPPED:
        return "CREATED"
    return "ACCEPTED_BY_RECEIVER" if order.status in _SIGNED else "ACCEPTED_BY_COMPANY"


def _shipment_members(order: Trade, query: QueryContext) -> Tree:
    world, view = query.world, query.view
    buyer, goods = world.buyer(order.buyer), world.goods_of_sku(order.sku_id)
    is_shipped = order.status not in _UNSHIPPED
    shipped = order.consigned or order.created
    return {
        "tid": order.tid,
        "order_code": str(order.oid),
        "status": _shipment_status(order),
        "type": "express",
        "out_sid": order.waybill,
        "company_name": order.company,
        "freight_payer": "seller",
        "seller_confirm": "yes" if is_shipped else "no",
        "is_split": 0,
        "item_title": goods.title if goods else order.sku_id,
        "seller_nick": order.shop,
        "buyer_nick": order.buyer,
        "receiver_name": view.mask_name(buyer.name) if buyer else None,
        "created": view.time(order.created),
        "modified": view.time(last_modified([order], world)),
        "delivery_start": view.time(shipped) if is_shipped else None,
        "delivery_end": view.time(shipped + _SIGNED_AFTER) if order.status in _SIGNED else None,
        "ouid": buyer.open_uid if buyer else None,
        "openuid": buyer.open_uid if buyer else None,
    }


def _shipments(query: QueryContext) -> Tree:
    """Return the page of the shop's shipments, newest trade first."""
    arguments, world = query.arguments, query.world
    since, until = (
        None if value is None else world.clock.to_inner(cast("datetime", value))
        for value in (arguments.get("start_created"), arguments.get("end_created"))
    )
    rows = []
    for order in world.trades():
        buyer = world.buyer(order.buyer)
        confirm = "no" if order.status in _UNSHIPPED else "yes"
        if (
            order.shop == query.shop
            and arguments.get("tid") in (None, order.tid)
            and arguments.get("buyer_nick") in (None, order.buyer)
            and arguments.get("ouid") in (None, buyer and buyer.open_uid)
            and arguments.get("receiver_name") in (None, buyer and buyer.name)
            and arguments.get("status") in (None, _shipment_status(order))
            and arguments.get("seller_confirm") in (None, confirm)
            and arguments.get("freight_payer") in (None, "seller")
            and (since is None or order.created >= since)
            and (until is None or order.created <= until)
        ):
            rows.append(order)
    rows.sort(key=lambda order: (order.created, order.oid), reverse=True)
    page, _ = cut_page(query, rows)
    fields = requested_fields(query.method, arguments)
    records = [select_members(_shipment_members(order, query), fields) for order in page]
    listed = {"shippings": Items("shipping", records)} if records else {}
    return {**listed, "total_results": len(rows)}


def _trace(query: QueryContext) -> Tree:
    """Return the way of a trade's parcel: shipped, collected, signed for, as far as time has come.

    Raises:
        TopError: 15, if the shop has no such trade, or it is not shipped.
    """
    order = find_orders(query.world, cast("int", query.arguments["tid"]), query.shop)[0]
    if order.status in _UNSHIPPED:
        raise TopError(
            15,
            sub_code="isv.logistics-trace-service-error:B01",
            sub_msg="物流订单未发货",
            zh=f"交易 {order.tid} 还没有发货",
            en=f"trade {order.tid} is not shipped",
        )
    steps = [
        _step(query, order.consigned or order.created, "CONSIGN", "商家已发货"),
        _step(query, (order.consigned or order.created) + _COLLECTED_AFTER, "GOT", "快件已揽收"),
    ]
    if order.status in _SIGNED:
        at = (order.consigned or order.created) + _SIGNED_AFTER
        steps.append(_step(query, at, "SIGN", "快件已签收"))
    names = ("company_name", "out_sid", "status", "tid")
    return {
        **select_members(_shipment_members(order, query), names),
        "trace_list": Items("transit_step_info", [step for at, step in steps if at <= query.now]),
    }


def _step(query: QueryContext, at: datetime, action: str, text: str) -> tuple[datetime, Tree]:
    return at, {"action": action, "status_desc": text, "status_time": query.view.time(at)}


def _httpdns(query: QueryContext) -> Tree:
    """Return a configuration by which cluster clients stay at the address that they have.

    With `degrade` they send every call where they sent this one, so none reaches the real platform.

    Source: docs/spec/top-protocol.md#top-1.1.
    """
    config = {"def_env": "sandbox", "degrade": "true", "interval": "30"}
    result = {"api": {}, "config": config, "env": {"sandbox": {}}, "user": {}}
    return {"result": json.dumps(result, separators=(",", ":"))}


SHOP_QUERIES: Mapping[str, Callable[[QueryContext], Tree]] = {
    "seller": _seller,
    "sku": _sku,
    "item": _item,
    "shipments": _shipments,
    "trace": _trace,
    "httpdns": _httpdns,
}
