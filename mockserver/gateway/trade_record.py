"""The trade behind an exchange, as taobao.trade.fullinfo.get shows it: sub-orders, SKUs, buyer.

A sandbox knows of a trade what an exchange needs.  What it does not know is absent, as the platform
leaves out what is empty.  Where the seller has not shipped a trade by a call, all its instants are
the one that the sandbox has, `created`.

Source: docs/spec/evidence-2026-11.md#evidence-3.3.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from ..api.records import RecordView
from ..api.reply_masking import mask_address, mask_name, mask_phone
from ..domain.catalogue import Buyer, Trade
from ..protocol.shapes import Items, Tree, format_price
from ..world.view import WorldView

__all__ = ["alipay_number", "build_trade_record", "last_modified"]

# `oaid` stands in a reply only if `fields` also holds these
_BESIDE_OAID = frozenset(
    ("receiver_name", "receiver_address", "receiver_mobile", "receiver_phone", "created")
)
_SHIPPED = frozenset(
    ("SELLER_CONSIGNED_PART", "WAIT_BUYER_CONFIRM_GOODS", "TRADE_BUYER_SIGNED", "TRADE_FINISHED")
)
_CONFIRM_TIME = timedelta(days=10)  # a buyer who does nothing has confirmed after it
_ALIPAY_DIGITS = 28
_NO_FEE = "0.00"


def build_trade_record(
    orders: Sequence[Trade], names: Sequence[str], world: WorldView, view: RecordView
) -> Tree:
    """Return the requested members of the trade that `orders` make up, alphabetically.

    `orders` alone asks for whole sub-orders, `orders.oid` for one member of each.  `oaid` is given
    only beside the receiver's fields and `created`.
    """
    requested = set(names)
    if not requested >= _BESIDE_OAID:
        requested.discard("oaid")
    record = _select(_trade_members(orders, world, view), requested)
    inner = {name.partition(".")[2] for name in requested if name.startswith("orders.")}
    if "orders" in requested or inner:
        rows = [_order_members(order, world, view) for order in orders]
        whole = "orders" in requested
        selected = [_select(row, set(row) if whole else inner) for row in rows]
        record["orders"] = Items("order", selected)
    return dict(sorted(record.items()))


def alipay_number(trade: Trade, view: RecordView) -> str:
    """Return 28 digits: the day of the trade, then its number."""
    day = view.time(trade.created)[:10].replace("-", "")
    return f"{day}{trade.tid:020}"[:_ALIPAY_DIGITS]


def last_modified(orders: Sequence[Trade], world: WorldView) -> datetime:
    """Return when the trade last changed (inner): its shipping, or an exchange of a sub-order."""
    instants = [order.modified or order.created for order in orders]
    for order in orders:
        exchange = world.exchange_of_order(order.oid)
        if exchange is not None:
            refund = world.refund_of(exchange)
            instants.append(refund.progress.modified if refund else exchange.modified)
    return max(instants)


def _select(members: Tree, names: set[str]) -> Tree:
    """Return the members of these names that have a value, alphabetically."""
    return {
        name: members[name]
        for name in sorted(names & members.keys())
        if members[name] not in (None, "")
    }


def _trade_members(orders: Sequence[Trade], world: WorldView, view: RecordView) -> Tree:
    trade = orders[0]
    created = view.time(trade.created)
    payment = format_price(sum(order.payment for order in orders))
    return {
        "tid": trade.tid,
        "tid_str": str(trade.tid),
        "status": trade.status,
        "type": "fixed",
        "title": trade.shop,
        "seller_nick": trade.shop,
        "seller_flag": 0,
        "buyer_nick": trade.buyer,
        "created": created,
        "pay_time": created,
        "modified": view.time(last_modified(orders, world)),
        **_instants(trade, view),
        "payment": payment,
        "received_payment": payment if trade.status == "TRADE_FINISHED" else _NO_FEE,
        "total_fee": payment,
        "post_fee": _NO_FEE,
        "discount_fee": _NO_FEE,
        "adjust_fee": _NO_FEE,
        "has_post_fee": True,
        "num": sum(order.num for order in orders),
        "alipay_no": alipay_number(trade, view),
        "shipping_type": "express",
        "trade_from": "TAOBAO",
        "is_part_consign": trade.status == "SELLER_CONSIGNED_PART",
        **_receiver(world.buyer(trade.buyer), view),
    }


def _instants(trade: Trade, view: RecordView) -> Tree:
    """Return when the trade was shipped, ends by itself, and ended, as far as it has come."""
    created, shipped = view.time(trade.created), trade.consigned or trade.created
    return {
        "consign_time": view.time(shipped) if trade.status in _SHIPPED else None,
        "timeout_action_time": view.time(shipped + _CONFIRM_TIME)
        if trade.status == "WAIT_BUYER_CONFIRM_GOODS"
        else None,
        "end_time": created if trade.status == "TRADE_FINISHED" else None,
    }


def _receiver(buyer: Buyer | None, view: RecordView) -> Tree:
    """Return the buyer's name and address, which sandboxes keep as 省^^^市^^^区^^^详细."""
    if buyer is None:
        return {}
    address = buyer.address.split("^^^")
    state, city, district, detail = address if len(address) == 4 else ("", "", "", buyer.address)
    masks = view.masks_personal
    return {
        "buyer_open_uid": buyer.open_uid,
        "oaid": buyer.oaid,
        "receiver_name": mask_name(buyer.name) if masks else buyer.name,
        "receiver_state": state,
        "receiver_city": city,
        "receiver_district": district,
        "receiver_address": mask_address(detail) if masks else detail,
        "receiver_zip": "000000",
        "receiver_mobile": mask_phone(buyer.phone) if masks else buyer.phone,
    }


def _order_members(order: Trade, world: WorldView, view: RecordView) -> dict[str, Any]:
    """Return a sub-order; an exchange of it shows as its refund."""
    goods = world.goods_of_sku(order.sku_id)
    dispute = world.exchange_of_order(order.oid)
    payment = format_price(order.payment)
    members: Tree = {
        **_instants(order, view),
        "oid": order.oid,
        "oid_str": str(order.oid),
        "status": order.status,
        "num": order.num,
        "sku_id": order.sku_id,
        "total_fee": payment,
        "payment": payment,
        "divide_order_fee": payment,
        "discount_fee": _NO_FEE,
        "adjust_fee": _NO_FEE,
        "part_mjz_discount": _NO_FEE,
        "title": goods.title if goods else order.sku_id,
        "order_from": "TAOBAO",
        "shipping_type": "express",
        "logistics_company": order.company,
        "invoice_no": order.waybill,
        "buyer_rate": False,
        "seller_rate": False,
        "refund_status": "NO_REFUND" if dispute is None else dispute.status.refund_status,
        "refund_id": str(dispute.dispute_id) if dispute else None,
    }
    if goods:
        members |= {
            "price": format_price(goods.price),
            "num_iid": goods.num_iid,
            "outer_iid": goods.outer_id,
            "outer_sku_id": goods.outer_id,
        }
    return members
