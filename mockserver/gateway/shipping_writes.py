"""What a seller does to ship a trade's own goods: ship it once, then correct carrier or waybill.

An exchange's replacement is shipped by tmall.exchange.consigngoods, which these methods know
nothing of; only waybills are shared, since no two parcels have the same.

Source: docs/spec/evidence-2026-11.md#evidence-2.3 (B04, B60, CD19 captured or inferred).
"""

from collections.abc import Callable, Mapping
from typing import cast

from msgspec.structs import replace

from ..domain.catalogue import Carrier, Trade
from ..protocol.binding import make_invalid_error
from ..protocol.errors import TopError
from ..protocol.shapes import Tree
from .trade_queries import find_orders
from .write_context import WriteContext

__all__ = ["SHIPPING_WRITES"]

_UNSHIPPED = ("WAIT_SELLER_SEND_GOODS", "SELLER_CONSIGNED_PART")
_ON_THE_WAY = "WAIT_BUYER_CONFIRM_GOODS"
_MAX_WAYBILL = 50


def _select_orders(write: WriteContext) -> tuple[list[Trade], bool]:
    """Return the sub-orders that are meant, all of the trade's or those of `sub_tid`, and whether
    they are all.

    Raises:
        TopError: 15 for an unknown trade, 41 for a sub-order of another.
    """
    arguments = write.arguments
    orders = find_orders(write.world, cast("int", arguments["tid"]), write.shop)
    named = {int(text) for text in cast("tuple[str, ...]", arguments.get("sub_tid", ()))}
    if not named and arguments.get("is_split") != 1:
        return orders, True
    if not named or named - {order.oid for order in orders}:
        raise make_invalid_error(
            "sub_tid", "应为该交易的子订单，拆单时必填", "sub-orders of the trade, when split"
        )
    return [order for order in orders if order.oid in named], len(named) == len(orders)


def _check_parcel(write: WriteContext, orders: list[Trade]) -> tuple[Carrier, str]:
    """Return carrier and waybill.

    Raises:
        TopError: 15 with CD01 for a carrier that does not exist, with B60 for a waybill that cannot
            be or that another parcel has.
    """
    code, waybill = str(write.arguments["company_code"]), str(write.arguments["out_sid"]).strip()
    carrier = next((carrier for carrier in write.world.carriers if carrier.code == code), None)
    if carrier is None:
        raise TopError(
            15,
            sub_code="CD01",
            sub_msg="CD01#发货方式不匹配",
            zh=f"没有代码为 {code[:50]} 的物流公司",
            en=f"no carrier has the code {code[:50]}",
        )
    own = {order.oid for order in orders}
    user = write.world.waybill_user(waybill)
    is_used = user is not None and user not in own
    if not waybill or len(waybill) > _MAX_WAYBILL or not waybill.isascii() or is_used:
        raise TopError(
            15,
            sub_code="isv.logistics-offline-service-error:B60",
            sub_msg="运单号不符合规则或已经被使用",
            zh="运单号为空、过长、含非 ASCII 字符，或已被另一包裹使用",
            en="the waybill is empty, too long, not ASCII, or another parcel has it",
        )
    return carrier, waybill


def _ship(write: WriteContext) -> Tree:
    """Ship a trade, or the sub-orders named of it.

    Raises:
        TopError: 15 with B04 if it is shipped or closed already; see `_check_parcel`.
    """
    orders, is_whole = _select_orders(write)
    if any(order.status not in _UNSHIPPED or order.consigned for order in orders):
        raise TopError(
            15,
            sub_code="isv.logistics-offline-service-error:B04",
            sub_msg="订单状态不对该物流订单已经发货或者已关闭，不能重复发货",
            zh=f"交易 {orders[0].tid} 的状态是 {orders[0].status}，不能再发货",
            en=f"trade {orders[0].tid} is {orders[0].status} and cannot be shipped again",
        )
    carrier, waybill = _check_parcel(write, orders)
    siblings = find_orders(write.world, orders[0].tid, write.shop)
    shipped = {order.oid for order in orders}
    is_whole = is_whole or all(order.consigned or order.oid in shipped for order in siblings)
    status = _ON_THE_WAY if is_whole else "SELLER_CONSIGNED_PART"
    changed = [
        replace(order, status=status, modified=write.now)
        if order.oid not in shipped
        else replace(
            order,
            status=status,
            modified=write.now,
            consigned=write.now,
            company=carrier.name,
            waybill=waybill,
        )
        for order in siblings
    ]
    write.work.put_trades(changed, waybill, orders[0].oid)
    return {"shipping": {"is_success": True}}


def _reship(write: WriteContext) -> Tree:
    """Correct carrier and waybill of a trade that is on its way.

    Raises:
        TopError: 15 with B04 if it is not on its way; see `_check_parcel`.
    """
    orders, _ = _select_orders(write)
    if any(order.status != _ON_THE_WAY for order in orders):
        raise TopError(
            15,
            sub_code="isv.logistics-offline-service-error:B04",
            sub_msg="订单状态不对，不能修改运单号",
            zh=f"交易 {orders[0].tid} 的状态是 {orders[0].status}，只有已发货未完成的能改",
            en=f"trade {orders[0].tid} is {orders[0].status}; only one on its way can be corrected",
        )
    carrier, waybill = _check_parcel(write, orders)
    changed = [
        replace(order, modified=write.now, company=carrier.name, waybill=waybill)
        for order in orders
    ]
    write.work.put_trades(changed, waybill, orders[0].oid)
    return {"shipping": {"is_success": True}}


SHIPPING_WRITES: Mapping[str, Callable[[WriteContext], Tree]] = {
    "ship_trade": _ship,
    "reship_trade": _reship,
}
