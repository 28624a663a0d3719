"""Moves: one class for each move, one frozen value for each use of it.

A move is a value, not a function: it can be written in a scenario, sent to the control API, drawn
by Hypothesis, planned by a robot, replayed from a snapshot and named in a refusal before anything
happens. What follows from it stands in the table, whose rows name these classes; the class knows
neither the statuses in which it is legal nor who may make it.

- The class's name in snake case is the name that users type (`ReturngoodsAgree`:
  `returngoods_agree`).  The seller's moves are named after the methods of TOP that make them.
- The fields are the keys of scenario files, of `POST S/exchanges/{id}/moves` and of forms.  A
  seller's move has the parameters of its method, spelt as the method spells them, so that one
  parser serves the gateway, the control API and scenarios.
- Every field has a default that makes a bare move possible: a test says `buyer.ship_back()` and
  need not invent a waybill.  An empty text or a None means "not said"; the sandbox fills in what
  it has (the default return address, the first refuse reason, a waybill nobody used).
- `MOVES` lists the classes that have no subclass of their own; the others only share fields.

What would break: a field without a default (scenarios that make the move bare would stop), or a
field whose name differs from the parameter of the method (the gateway could no longer read it).
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import ClassVar

from msgspec import Struct, field

from .vocabulary import Verdict

__all__ = [
    "DEFAULT_CARRIER",
    "MAX_UNITS",
    "MOVES",
    "PICTURES_FIELD",
    "Agree",
    "Apply",
    "AskCs",
    "BuyerRequest",
    "Cancel",
    "ConfirmConsign",
    "ConfirmReceipt",
    "Consigngoods",
    "Expire",
    "Judge",
    "LeaveMessage",
    "Modify",
    "Move",
    "Refuse",
    "ReturngoodsAgree",
    "ReturngoodsRefuse",
    "SellerRefusal",
    "ShipBack",
    "Shipment",
    "StepIn",
    "TurnToRefund",
]

DEFAULT_CARRIER = "顺丰快递"
PICTURES_FIELD = "leave_message_pics"
MAX_UNITS = 1_000_000  # of goods in one exchange


class Move(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A move; subclasses add fields.  `zh` and `en` are its names in sentences."""

    zh: ClassVar[str]
    en: ClassVar[str]

    def __post_init__(self) -> None:
        """Check the number of units, if the move has one; 0 leaves it as it is.

        Raises:
            ValueError: `num` is negative or above `MAX_UNITS`.
        """
        if not 0 <= getattr(self, "num", 0) <= MAX_UNITS:
            raise ValueError(f"num 应在 0 与 {MAX_UNITS} 之间 (from 0 to {MAX_UNITS})")

    @classmethod
    @cache
    def name(cls) -> str:
        """Return the name that users type: `ReturngoodsAgree` is `returngoods_agree`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @property
    def message_text(self) -> str:
        """What the actor writes with the move; if empty, the platform's notice stands alone."""
        return str(getattr(self, "leave_message", ""))

    @property
    def pictures(self) -> tuple[str, ...]:
        """Names of the stored pictures that go with the message."""
        return tuple(getattr(self, PICTURES_FIELD, ()))


class BuyerRequest(Move, frozen=True):
    """What a buyer asks for; an empty field stays as the order or the application has it."""

    reason: str = ""
    desc: str = ""
    exchange_sku: str = ""
    num: int = 0
    buyer_address: str = ""

    @property
    def message_text(self) -> str:
        return self.desc or self.reason


class SellerRefusal(Move, frozen=True):
    """A seller's refusal; without a reason the first one that the status offers."""

    seller_refuse_reason_id: int | None = None
    leave_message: str = ""
    leave_message_pics: tuple[str, ...] = ()


class Shipment(Move, frozen=True):
    """Goods go out by a carrier under a waybill; without a waybill the sandbox makes one up."""

    logistics_company_name: str = DEFAULT_CARRIER
    logistics_no: str | None = None


class Apply(BuyerRequest, frozen=True):
    """The buyer applies."""

    zh, en = "申请换货", "apply"
    reason: str = "7天无理由换货"


class Agree(Move, frozen=True):
    """The seller agrees and names the return address; without one it is the default address."""

    zh, en = "同意换货申请", "agree to the application"
    address_id: int | None = None
    leave_message: str = ""
    leave_message_pics: tuple[str, ...] = ()
    complete_address: str = ""
    mobile: str = ""
    post: str = ""


class Refuse(SellerRefusal, frozen=True):
    """The seller refuses the application."""

    zh, en = "拒绝换货申请", "refuse the application"


class ShipBack(Shipment, frozen=True):
    """The buyer sends the bought goods back."""

    zh, en = "寄回商品", "ship the goods back"


class ReturngoodsAgree(Move, frozen=True):
    """The seller confirms receipt of the returned goods."""

    zh, en = "确认收到退货", "confirm receipt of the returned goods"


class ReturngoodsRefuse(SellerRefusal, frozen=True):
    """The seller refuses the returned goods."""

    zh, en = "拒绝确认收货", "refuse the returned goods"


class Consigngoods(Shipment, frozen=True):
    """The seller ships the replacement; type 100 is ordinary mail, 200 express."""

    zh, en = "发出换货商品", "ship the replacement"
    logistics_type: int = 200


class ConfirmConsign(Shipment, frozen=True):
    """The seller confirms receipt and ships, in one."""

    zh, en = "确认收货并发货", "confirm receipt and ship"
    logistics_type: int = 200


class TurnToRefund(Move, frozen=True):
    """The seller turns the exchange into return and refund."""

    zh, en = "换货转退款", "turn into a refund"


class Modify(BuyerRequest, frozen=True):
    """The buyer modifies the application, before it is decided or after a refusal."""

    zh, en = "修改换货申请", "modify the application"


class Cancel(Move, frozen=True):
    """The buyer withdraws the application."""

    zh, en = "取消换货申请", "cancel"


class AskCs(Move, frozen=True):
    """The buyer asks customer service to intervene."""

    zh, en = "申请客服介入", "ask for customer service"


class ConfirmReceipt(Move, frozen=True):
    """The buyer confirms receipt of the replacement."""

    zh, en = "确认收到换货商品", "confirm receipt of the replacement"


class StepIn(Move, frozen=True):
    """Customer service takes the case in hand."""

    zh, en = "小二介入", "step in"


class Judge(Move, frozen=True, rename={"verdict": "for"}):
    """Customer service decides."""

    zh, en = "小二判定", "judge"
    verdict: Verdict = Verdict.BUYER
    content: str = ""

    @property
    def message_text(self) -> str:
        return self.content


class Expire(Move, frozen=True):
    """The system acts because the present state has lasted too long."""

    zh, en = "超时处理", "expire"


class LeaveMessage(Move, frozen=True):
    """Somebody leaves a message, maybe with pictures."""

    zh, en = "留言", "leave a message"
    content: str = "请尽快处理，谢谢。"
    pics: tuple[str, ...] = field(default=())

    @property
    def message_text(self) -> str:
        return self.content

    @property
    def pictures(self) -> tuple[str, ...]:
        return self.pics


def _leaf_classes(parent: type[Move]) -> Iterator[type[Move]]:
    """Yield the classes below `parent` that have no subclass."""
    for child in parent.__subclasses__():
        yield from _leaf_classes(child) if child.__subclasses__() else (child,)


MOVES: Mapping[str, type[Move]] = MappingProxyType(
    {move.name(): move for move in _leaf_classes(Move)}
)
