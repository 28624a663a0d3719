"""The words of an exchange with their wire codes and Chinese labels: the only place that spells them.

Codes and texts: API pages and guide; that replies carry the text is inferred from integrators.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Self

__all__ = [
    "IN_HAND",
    "Actor",
    "CsStatus",
    "GoodStatus",
    "Phase",
    "Role",
    "Ruleset",
    "Status",
    "Verdict",
]


class _Labelled(IntEnum):
    """An integer wire code that knows its Chinese and its English words."""

    zh: str
    en: str

    def __new__(cls, code: int, zh: str = "", en: str = "") -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.zh = zh
        member.en = en
        return member


class Status(_Labelled):
    """Where an exchange stands.  `zh` is the text that replies carry (state 3: full-width comma)."""

    WAIT_SELLER_AGREE = 1, "换货待处理", "applied; the seller is to agree or refuse"
    WAIT_BUYER_RETURN = 2, "待买家退货", "agreed; the buyer is to send the goods back"
    WAIT_SELLER_CONFIRM = (
        3,
        "买家已退货，待收货",
        "goods on the way back; the seller is to confirm receipt",
    )
    CLOSED = 4, "换货关闭", "closed"
    SUCCESS = 5, "换货成功", "the buyer has the replacement"
    WAIT_BUYER_MODIFY = (
        6,
        "待买家修改",
        "refused; the buyer may modify, cancel or call customer service",
    )
    WAIT_SELLER_CONSIGN = (
        12,
        "待发出换货商品",
        "receipt confirmed; the seller is to ship the replacement",
    )
    WAIT_BUYER_CONFIRM = 13, "待买家收货", "replacement shipped; the buyer is to confirm"
    TO_REFUND = 14, "请退款", "turned into return and refund"


class Role(_Labelled):
    """Who acted or wrote, as `operator_roles` counts them."""

    SELLER_MAIN = 1, "卖家主账户", "seller, main account"
    SELLER_SUB = 2, "卖家子账户", "seller, sub-account"
    CS = 3, "小二", "customer service"
    BUYER = 4, "买家", "buyer"
    SYSTEM = 5, "系统", "system"
    TIMEOUT = 6, "系统超时", "system, at a deadline"

    @property
    def actor(self) -> "Actor":
        """The party of the table that this role acts for."""
        return _ACTORS[self]


class Actor(StrEnum):
    """A party of the table."""

    BUYER = "buyer"
    SELLER = "seller"
    CS = "cs"
    SYSTEM = "system"

    @property
    def zh(self) -> str:
        """The Chinese word for the party."""
        return {"buyer": "买家", "seller": "卖家", "cs": "小二", "system": "系统"}[self.value]

    @property
    def main_role(self) -> Role:
        """The role in which the party acts unless a sub-account or a deadline is meant."""
        return _ROLES[self][0]


_ROLES: Mapping[Actor, tuple[Role, ...]] = MappingProxyType(
    {
        Actor.BUYER: (Role.BUYER,),
        Actor.SELLER: (Role.SELLER_MAIN, Role.SELLER_SUB),
        Actor.CS: (Role.CS,),
        Actor.SYSTEM: (Role.SYSTEM, Role.TIMEOUT),
    }
)
_ACTORS = MappingProxyType({role: actor for actor, roles in _ROLES.items() for role in roles})


class CsStatus(_Labelled):
    """小二托管状态: how far customer service has the case in hand.  Numbers: sibling refund API."""

    NOT_NEEDED = 1, "不需客服介入", "not needed"
    ASKED = 2, "需要客服介入", "asked for"
    STEPPED_IN = 3, "客服已经介入", "stepped in"
    FIRST_REVIEW = 4, "客服初审完成", "first review done"
    REVIEW_FAILED = 5, "客服主管复审失败", "second review failed"
    DONE = 6, "客服处理完成", "done"
    WITHDRAWN = 7, "维权撤销", "withdrawn"
    FOR_BUYER = 8, "支持买家", "for the buyer"
    FOR_SELLER = 9, "支持卖家", "for the seller"
    EVIDENCE = 10, "举证中", "evidence is being given"
    APPEAL = 11, "开放申诉", "open to appeal"


IN_HAND = (CsStatus.ASKED, CsStatus.STEPPED_IN)  # customer service decides; no deadline runs


class Phase(_Labelled):
    """Whether the trade had succeeded when the buyer applied (`dispute_type`)."""

    ONSALE = 1, "售中换货", "before the trade succeeded"
    AFTERSALE = 2, "售后换货", "after the trade succeeded"


class GoodStatus(StrEnum):
    """商品状态 as the sibling refund API spells it."""

    NOT_RECEIVED = "BUYER_NOT_RECEIVED"
    RECEIVED = "BUYER_RECEIVED"
    RETURNED = "BUYER_RETURNED_GOODS"


class Verdict(StrEnum):
    """What a judgement of customer service decides for."""

    BUYER = "buyer"
    SELLER = "seller"
    REFUND = "refund"


class Ruleset(StrEnum):
    """A named choice among the platform's variants of the flow."""

    CLASSIC = "classic"
    UPGRADED = "upgraded"

    @property
    def zh(self) -> str:
        """The Chinese name of the flow."""
        return {"classic": "经典换货流程", "upgraded": "天猫换货升级(2023)"}[self.value]
