"""The refund that an exchange in status 14 (请退款) goes on as: 换货转退款.

The model.  A refund belongs to the exchange that turned into it and says of trade, goods and buyer
what the exchange says.  So no refund is opened: `refund_of` derives it from the exchange, and a
sandbox remembers only what was done to it (`RefundProgress`).  Its id follows from the dispute id,
so both ids lead to each other, and a restored or copied sandbox has the same ones.

The flow.  The seller reviews the refund (审核, it may then be paid back in a batch), and a
sub-account agrees to it: SUCCESS.  Or the seller refuses it: SELLER_REFUSE_BUYER.  No deadline runs
in it; what the buyer does after a refusal is not modelled.

That the refund has an id of its own, and in which status it begins, is assumed; that its `desc` is
换货转退款 is inferred from an integrator who links the two by it.

Source: docs/spec/evidence-2026-11.md#evidence-2.1, #evidence-4; docs/spec/neighbours.yaml.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from .exchange import Exchange, Message
from .vocabulary import Status

__all__ = [
    "REFUND_DESC",
    "Refund",
    "RefundProgress",
    "RefundStatus",
    "exchange_ids_of",
    "refund_id_of",
    "refund_of",
]

REFUND_DESC = "换货转退款"
_ID_STEP = 10**17  # from the dispute id to its refund's id
_ID_LIMIT = 2**63 - _ID_STEP


class RefundStatus(StrEnum):
    """Where a refund stands, as refund replies spell it."""

    WAIT_SELLER_AGREE = "WAIT_SELLER_AGREE"
    WAIT_SELLER_CONFIRM_GOODS = "WAIT_SELLER_CONFIRM_GOODS"
    SELLER_REFUSE_BUYER = "SELLER_REFUSE_BUYER"
    SUCCESS = "SUCCESS"

    @property
    def zh(self) -> str:
        """The text of the status, as the refund pages and dispute lists write it."""
        return {
            "WAIT_SELLER_AGREE": "买家已经申请退款，等待卖家同意",
            "WAIT_SELLER_CONFIRM_GOODS": "买家已经退货，等待卖家确认收货",
            "SELLER_REFUSE_BUYER": "卖家拒绝退款",
            "SUCCESS": "退款成功",
        }[self.value]

    @property
    def waits_for_seller(self) -> bool:
        """True while the seller can review, pay back or refuse the refund."""
        return self in (self.WAIT_SELLER_AGREE, self.WAIT_SELLER_CONFIRM_GOODS)


class RefundProgress(Struct, frozen=True, gc=False):
    """What was done to the refund of an exchange; `modified` is inner time.

    `is_reviewed` is True once a review has passed it for paying back.  `messages` are those written
    to the refund itself, oldest first.
    """

    status: RefundStatus
    modified: datetime
    is_reviewed: bool = False
    messages: tuple[Message, ...] = ()


class Refund(Struct, frozen=True):
    """One 退款单: the exchange it comes from, its own id, and how far it is."""

    refund_id: int
    exchange: Exchange
    progress: RefundProgress

    @property
    def created(self) -> datetime:
        """When the exchange turned into it, inner time."""
        return self.exchange.entered


def refund_id_of(dispute_id: int) -> int:
    """Return the id of the refund of an exchange, within int64 as the dispute id is."""
    return dispute_id + _ID_STEP if dispute_id < _ID_LIMIT else dispute_id - _ID_STEP


def exchange_ids_of(refund_id: int) -> tuple[int, ...]:
    """Return the dispute ids whose refund could have this id."""
    return tuple(
        dispute_id
        for dispute_id in (refund_id - _ID_STEP, refund_id + _ID_STEP)
        if dispute_id > 0 and refund_id_of(dispute_id) == refund_id
    )


def refund_of(exchange: Exchange, progress: RefundProgress | None = None) -> Refund | None:
    """Return the refund that the exchange turned into, None while it is no refund.

    Without `progress` nothing has been done to it: it waits for the seller, to confirm the goods
    where the buyer has sent them back.
    """
    if exchange.status is not Status.TO_REFUND:
        return None
    if progress is None:
        first = RefundStatus.WAIT_SELLER_AGREE
        if exchange.buyer_logistic_no:
            first = RefundStatus.WAIT_SELLER_CONFIRM_GOODS
        progress = RefundProgress(first, exchange.entered)
    return Refund(refund_id_of(exchange.dispute_id), exchange, progress)
