"""Refunds and exchanges as the refund methods show them: one dispute, its members by name.

To these methods an exchange is a dispute of its own type: it has no money to pay back, and its id
is a `refund_id`.  The refund that an exchange turned into says the same of trade and goods.  What a
sandbox does not know is absent.

Source: docs/spec/evidence-2026-11.md#evidence-2.1 (status names, captured texts);
docs/spec/neighbours.yaml.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from ..api.records import RecordView
from ..api.reply_masking import mask_address, mask_name, mask_phone
from ..domain.exchange import Exchange
from ..domain.play import deadline
from ..domain.refund import REFUND_DESC, Refund
from ..domain.vocabulary import GoodStatus, Phase
from ..protocol.shapes import Tree, format_price
from ..world.view import WorldView
from .trade_record import alipay_number

__all__ = [
    "Dispute",
    "build_dispute_members",
    "build_refund_members",
    "list_disputes",
    "phase_word",
]

_NO_FEE = "0.00"


class Dispute(Struct, frozen=True):
    """An exchange (`refund` is None), or the refund that it turned into."""

    exchange: Exchange
    refund: Refund | None = None

    @property
    def id(self) -> int:
        """The `refund_id`: the refund's, or the exchange's dispute id."""
        return self.refund.refund_id if self.refund else self.exchange.dispute_id

    @property
    def created(self) -> datetime:
        """When it began, inner time."""
        return self.refund.created if self.refund else self.exchange.created

    @property
    def modified(self) -> datetime:
        """When it last changed, inner time."""
        return self.refund.progress.modified if self.refund else self.exchange.modified

    @property
    def listed_as(self) -> str:
        """Its status by name, as `taobao.refunds.receive.get` shows and filters it."""
        return self.refund.progress.status.value if self.refund else self.exchange.status.listed_as

    @property
    def dispute_status(self) -> str:
        """Its status by the name that `tmall.dispute.receive.get` filters by."""
        if self.refund:
            return self.refund.progress.status.value
        return self.exchange.status.dispute_status

    def version(self, view: RecordView) -> int:
        """Return `modified` as milliseconds since 1970, whole seconds, by the sandbox's clock."""
        return int((self.modified - view.aged).timestamp()) * 1000


def list_disputes(world: WorldView, shop: str) -> Iterator[Dispute]:
    """Yield the exchanges of a shop, and each refund that one turned into."""
    for exchange in world.exchanges():
        if exchange.shop == shop:
            yield Dispute(world.read_exchange(exchange.dispute_id, shop))
            if refund := world.refund_of(exchange):
                yield Dispute(exchange, refund)


def phase_word(exchange: Exchange) -> str:
    """Return `onsale` or `aftersale`."""
    return "onsale" if exchange.phase is Phase.ONSALE else "aftersale"


def _common_members(dispute: Dispute, world: WorldView, view: RecordView) -> Tree:
    """Return what both kinds of record have under the same name."""
    exchange = dispute.exchange
    trade = world.trade_of_order(exchange.oid)
    fee = format_price(exchange.payment or 0)
    return {
        "refund_id": str(dispute.id),
        "oid": exchange.oid,
        "order_status": trade.status if trade else None,
        "good_status": exchange.good_status.value,
        "has_good_return": True,
        "created": view.time(dispute.created),
        "modified": view.time(dispute.modified),
        "title": exchange.title,
        "num": exchange.num,
        "refund_fee": fee if dispute.refund else _NO_FEE,
        "reason": exchange.reason,
        "desc": REFUND_DESC if dispute.refund else exchange.desc,
        "refund_phase": phase_word(exchange),
        "attribute": _attribute(dispute),
        "address": exchange.address,
        "company_name": exchange.buyer_logistic_name,
        "buyer_nick": exchange.buyer_nick,
        "buyer_open_uid": exchange.buyer_open_uid,
        "alipay_no": alipay_number(trade, view) if trade else None,
    }


def build_refund_members(dispute: Dispute, world: WorldView, view: RecordView) -> Tree:
    """Return all members of a dispute as `taobao.refund.get` shows it, None where unknown."""
    exchange = dispute.exchange
    goods = world.goods_of_sku(exchange.bought_sku)
    fee = format_price(exchange.payment or 0)
    due = None if dispute.refund else deadline(exchange, view.rules, view.table)
    timeout: Tree = {"exist_timeout": due is not None}
    if due is not None:
        timeout["timeout"] = view.time(due)
    return {
        **_common_members(dispute, world, view),
        "dispute_type": "REFUND_AND_RETURN" if dispute.refund else "TMALL_EXCHANGE",
        "tid": exchange.tid,
        "status": dispute.listed_as,
        "sku": exchange.bought_sku,
        "outer_id": goods.outer_id if goods else None,
        "total_fee": fee,
        "payment": _NO_FEE if dispute.refund else fee,
        "sid": exchange.buyer_logistic_no,
        "refund_version": dispute.version(view),
        "operation_contraint": exchange.operation_contraint or "null",
        "seller_nick": exchange.shop,
        "ouid": exchange.buyer_open_uid,
        "num_iid": goods.num_iid if goods else None,
        "price": None if exchange.price is None else format_price(exchange.price),
        "advance_status": exchange.advance_status,
        "cs_status": exchange.cs_status.value,
        "shipping_type": "express",
        "refund_remind_timeout": timeout,
    }


def build_dispute_members(dispute: Dispute, world: WorldView, view: RecordView) -> Tree:
    """Return all members of a dispute as `tmall.dispute.receive.get` shows it."""
    exchange, refund, masks = dispute.exchange, dispute.refund, view.masks_personal
    due = None if refund else deadline(exchange, view.rules, view.table)
    text = view.rules.text(exchange.status.text_rule)
    return {
        **_common_members(dispute, world, view),
        "biz_order_id": str(exchange.oid),
        "status": refund.progress.status.zh if refund else text,
        "dispute_request": "退货退款" if refund else "换货",
        "time_out": None if due is None else view.time(due),
        "buyer_name": mask_name(exchange.buyer_name) if masks else exchange.buyer_name,
        "buyer_phone": mask_phone(exchange.buyer_phone) if masks else exchange.buyer_phone,
        "buyer_address": mask_address(exchange.buyer_address) if masks else exchange.buyer_address,
        "buyer_logistic_name": exchange.buyer_logistic_name,
        "buyer_logistic_no": exchange.buyer_logistic_no,
        "seller_logistic_name": exchange.seller_logistic_name,
        "seller_logistic_no": exchange.seller_logistic_no,
    }


def _attribute(dispute: Dispute) -> str | None:
    """Return `;k:v;k:v;` of a refund as captured; an exchange has JSON elsewhere, none here."""
    if dispute.refund is None:
        return None
    returned = dispute.exchange.good_status is GoodStatus.RETURNED
    pairs = {
        "newRefund": "rp2",
        "workflowName": "return_and_refund" if returned else "refund",
        "bizCode": "tmall.general.refund",
        "opRole": "buyer",
    }
    return ";" + "".join(f"{name}:{value};" for name, value in pairs.items())
