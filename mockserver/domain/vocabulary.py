"""The words of an exchange with their wire codes and their Chinese and English texts.

Code outside this module writes `Status.CLOSED`, never 4 or "换货关闭".  All that belongs to a
status except its rows is one definition here: code, texts, refund status, deadline.  Which roles
act for which party stands once, in `_ROLES`.  Which statuses of customer service mean that it
decides (and no deadline runs) stands once, in `IN_HAND`.

That replies carry the Chinese text of a status is inferred from integrators.  Source:
docs/spec/exchange-api.md#api-5, #api-6; docs/spec/exchange-guide.md#guide-3, #guide-4, #guide-5.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Self

from msgspec import Struct

from .evidence import Evidence, assumed, inferred

__all__ = [
    "IN_HAND",
    "Actor",
    "CsStatus",
    "Deadline",
    "GoodStatus",
    "Phase",
    "Role",
    "Ruleset",
    "Status",
    "StatusDefinition",
    "Verdict",
]


class _Labelled(IntEnum):
    """An integer wire code with its text in Chinese and in English."""

    zh: str
    en: str

    def __new__(cls, code: int, zh: str = "", en: str = "") -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.zh = zh
        member.en = en
        return member


class Deadline(Struct, frozen=True):
    """How long a status may last by default, spelt as a duration (`7d`), and how that is known."""

    default: str
    evidence: Evidence


class StatusDefinition(Struct, frozen=True, kw_only=True):
    """All that a status is, its rows in the table aside.

    `zh` is the text that replies carry.  `refund_status` is what a trade shows for its sub-order
    while an exchange stands here: names of the sibling dispute API, grouped as trades show them
    (inferred).  `listed_as` is its name in `taobao.refunds.receive.get`, and `dispute_status` the
    one by which `tmall.dispute.receive.get` filters, where they differ from `refund_status`.  A
    status in which the flow ends has no `deadline`.  Source: docs/spec/exchange-api.md (codes and
    texts), docs/spec/rules.md (durations), docs/spec/evidence-2026-11.md#evidence-2.1 (siblings).
    """

    code: int
    zh: str
    en: str
    refund_status: str
    listed_as: str = ""
    dispute_status: str = ""
    deadline: Deadline | None = None


class Status(IntEnum):
    """Where an exchange stands: the numeric code of the API pages.

    A new status needs its definition here and its rows in `table.py`; a test names what is missing.
    """

    zh: str
    en: str
    refund_status: str
    listed_as: str
    dispute_status: str
    deadline: Deadline | None

    def __new__(cls, definition: StatusDefinition | int) -> Self:
        assert isinstance(definition, StatusDefinition)  # a number is looked up: Status(2)
        member = int.__new__(cls, definition.code)
        member._value_ = definition.code
        member.zh = definition.zh
        member.en = definition.en
        member.refund_status = definition.refund_status
        member.listed_as = definition.listed_as or definition.refund_status
        member.dispute_status = definition.dispute_status or member.listed_as
        member.deadline = definition.deadline
        return member

    @property
    def deadline_rule(self) -> str:
        """The name of the rule that holds the status's duration (`deadline.2`)."""
        return f"deadline.{self.value}"

    @property
    def text_rule(self) -> str:
        """The name of the rule that holds the status's text on the wire (`text.2`)."""
        return f"text.{self.value}"

    WAIT_SELLER_AGREE = StatusDefinition(
        code=1,
        zh="换货待处理",
        en="applied; the seller is to agree or refuse",
        refund_status="WAIT_SELLER_AGREE",
        deadline=Deadline("2d", assumed("the action is documented, its length is not", "guide")),
    )
    WAIT_BUYER_RETURN = StatusDefinition(
        code=2,
        zh="待买家退货",
        en="agreed; the buyer is to send the goods back",
        refund_status="WAIT_BUYER_RETURN_GOODS",
        deadline=Deadline("7d", inferred("rule23")),
    )
    WAIT_SELLER_CONFIRM = StatusDefinition(
        code=3,
        zh="买家已退货，待收货",  # with a full-width comma
        en="goods on the way back; the seller is to confirm receipt",
        refund_status="WAIT_SELLER_CONFIRM_GOODS",
        deadline=Deadline("10d", inferred("rule23")),
    )
    CLOSED = StatusDefinition(code=4, zh="换货关闭", en="closed", refund_status="CLOSED")
    SUCCESS = StatusDefinition(
        code=5, zh="换货成功", en="the buyer has the replacement", refund_status="SUCCESS"
    )
    WAIT_BUYER_MODIFY = StatusDefinition(
        code=6,
        zh="待买家修改",
        en="refused; the buyer may modify, cancel or call customer service",
        refund_status="SELLER_REFUSE_BUYER",
        deadline=Deadline("5d", inferred("rule23")),
    )
    WAIT_SELLER_CONSIGN = StatusDefinition(
        code=12,
        zh="待发出换货商品",
        en="receipt confirmed; the seller is to ship the replacement",
        refund_status="WAIT_SELLER_CONFIRM_GOODS",
        listed_as="WAIT_SELLER_CONSIGN_GOODS",
        dispute_status="WAIT_SELLER_CONSIGN_GOOGDS",  # sic
        deadline=Deadline("72h", inferred("ruleold", note="length only")),
    )
    WAIT_BUYER_CONFIRM = StatusDefinition(
        code=13,
        zh="待买家收货",
        en="replacement shipped; the buyer is to confirm",
        refund_status="WAIT_SELLER_CONFIRM_GOODS",
        listed_as="WAIT_BUYER_CONFIRM_EXCHANGE_SELLER_SEND_GOODS",
        dispute_status="EXCHANGE_WAIT_BUYER_CONFIRM_GOODS",
        deadline=Deadline("10d", assumed()),
    )
    TO_REFUND = StatusDefinition(
        code=14,
        zh="请退款",
        en="turned into return and refund",
        refund_status="CLOSED",
        listed_as="EXCHANGE_TRANSFORM_TO_REFUND",
    )


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
