"""The rules of an exchange: who may move it, from where, to where, when, with what stock.

All that decides a move stands here; this file does not know who reads it (`play.py`, refusal texts,
deadlines, control API, reference, diagram).  Rows of one state and move are tried in order; the
first whose conditions hold is taken.  Sources: exchange guide, API pages, rules of the product.
"""

from msgspec import Struct

from .conditions import (
    ADDRESS_KNOWN,
    APPLICATION_REFUSED,
    BACK_TO_RECEIPT,
    FOR_BUYER,
    FOR_REFUND,
    FOR_SELLER,
    IN_STOCK,
    NOT_IN_HAND,
    OUT_OF_STOCK,
    REASON_KNOWN,
    RECEIPT_REFUSED,
    WAYBILL,
    Condition,
)
from .evidence import Evidence, assumed, documented, inferred
from .ledger import Posting
from .moves import (
    Agree,
    Apply,
    AskCs,
    Cancel,
    ConfirmConsign,
    ConfirmReceipt,
    Consigngoods,
    Expire,
    Judge,
    LeaveMessage,
    Modify,
    Move,
    Refuse,
    ReturngoodsAgree,
    ReturngoodsRefuse,
    ShipBack,
    StepIn,
    TurnToRefund,
)
from .vocabulary import IN_HAND, Actor, CsStatus, GoodStatus, Ruleset, Status

__all__ = ["CS_TABLE", "FINAL_STATUSES", "TABLE", "CsRow", "Row"]

RESERVE = Posting("预占", "exchange_sku", "num", "available", "reserved")
RELEASE = Posting("释放预占", "exchange_sku", "reserved", "reserved", "available")
SHIP = Posting("发出", "exchange_sku", "reserved", "reserved", "shipped")
RETURN = Posting("退回入库", "bought_sku", "num", "outside", "returned")

BOTH = (Ruleset.CLASSIC, Ruleset.UPGRADED)
CLASSIC, UPGRADED = (Ruleset.CLASSIC,), (Ruleset.UPGRADED,)
BUYER, SELLER, CS, SYSTEM = Actor.BUYER, Actor.SELLER, Actor.CS, Actor.SYSTEM
S1, S2, S3 = Status.WAIT_SELLER_AGREE, Status.WAIT_BUYER_RETURN, Status.WAIT_SELLER_CONFIRM
S4, S5, S6 = Status.CLOSED, Status.SUCCESS, Status.WAIT_BUYER_MODIFY
S12, S13, S14 = Status.WAIT_SELLER_CONSIGN, Status.WAIT_BUYER_CONFIRM, Status.TO_REFUND


class Row(Struct, frozen=True):
    """One legal move.

    `notice` is what the platform writes when the actor says nothing; `deadline_rule` names the switch that
    holds the deadline; `when` are its conditions; `postings` its stock entries; `changes_modified` is false where
    `modified` stays; `writes` are fields that the move sets anew; `upgraded_evidence` is the evidence under `upgraded` where it is another.
    """

    source: Status | None
    move: type[Move]
    by: Actor
    target: Status
    notice: str
    evidence: Evidence
    when: tuple[Condition, ...] = ()
    postings: tuple[Posting, ...] = ()
    deadline_rule: str = ""
    rulesets: tuple[Ruleset, ...] = BOTH
    changes_modified: bool = True
    writes: tuple[tuple[str, object], ...] = ()
    upgraded_evidence: Evidence | None = None

    def evidence_under(self, ruleset: Ruleset) -> Evidence:
        """How the row is known under a ruleset: some are documented for one flow and assumed for the other."""
        return (
            self.upgraded_evidence
            if self.upgraded_evidence and ruleset is Ruleset.UPGRADED
            else self.evidence
        )

    @property
    def name(self) -> str:
        """`1-expire-4:out_of_stock`: from, move, to, and the deciding conditions; unique by actor."""
        source = 0 if self.source is None else self.source.value
        chosen = ".".join(condition.name for condition in self.when if condition.deciding)
        by = f"@{self.by}" if self.move is LeaveMessage else ""
        return f"{source}-{self.move.name()}{by}-{self.target.value}" + (
            f":{chosen}" if chosen else ""
        )


class CsRow(Struct, frozen=True):
    """A move that customer service's status decides or changes: legal at `sources`, writes `targets`."""

    move: type[Move]
    sources: tuple[CsStatus, ...]
    evidence: Evidence
    targets: tuple[CsStatus, ...] = ()
    when: Condition | None = None


_FLOW: tuple[Row, ...] = (
    Row(None, Apply, BUYER, S1, "买家申请换货，等待卖家处理", documented("guide", note="guide-1")),
    # 1: the seller decides, or the system by stock
    Row(
        S1,
        Agree,
        SELLER,
        S2,
        "卖家同意换货申请，已预占换货商品，等待买家退货",
        documented("guide", "api", note="guide-7"),
        when=(ADDRESS_KNOWN, IN_STOCK),
        postings=(RESERVE,),
    ),
    Row(
        S1,
        Refuse,
        SELLER,
        S4,
        "卖家拒绝换货申请，换货关闭",
        documented("guide", note="guide-8"),
        when=(REASON_KNOWN,),
        rulesets=CLASSIC,
    ),
    Row(
        S1,
        Refuse,
        SELLER,
        S6,
        "卖家拒绝换货申请，等待买家修改",
        inferred("rule23"),
        when=(REASON_KNOWN,),
        rulesets=UPGRADED,
    ),
    Row(
        S1,
        Expire,
        SYSTEM,
        S2,
        "卖家超时未处理，有库存，系统自动同意换货申请",
        documented("guide", note="guide-7; length assumed"),
        when=(IN_STOCK,),
        postings=(RESERVE,),
        deadline_rule=S1.deadline_rule,
    ),
    Row(
        S1,
        Expire,
        SYSTEM,
        S4,
        "卖家超时未处理，无库存，系统自动拒绝换货申请",
        documented("guide", note="guide-7; length assumed"),
        when=(OUT_OF_STOCK,),
        deadline_rule=S1.deadline_rule,
    ),
    Row(S1, Cancel, BUYER, S4, "买家取消换货申请", inferred("tmc")),
    # 2: the buyer returns the goods
    Row(
        S2,
        ShipBack,
        BUYER,
        S3,
        "买家已寄回商品，等待卖家确认收货",
        documented("guide", note="guide-5"),
        when=WAYBILL,
        writes=(("good_status", GoodStatus.RETURNED),),
    ),
    Row(
        S2,
        Expire,
        SYSTEM,
        S4,
        "买家超时未退货，换货关闭",
        inferred("rule23"),
        postings=(RELEASE,),
        deadline_rule=S2.deadline_rule,
    ),
    Row(S2, Cancel, BUYER, S4, "买家取消换货申请", inferred("tmc"), postings=(RELEASE,)),
    # 3: the seller examines what came back
    Row(
        S3,
        ReturngoodsAgree,
        SELLER,
        S12,
        "卖家确认收到退货，等待卖家发出换货商品",
        documented("guide", "api", note="guide-5"),
        postings=(RETURN,),
        upgraded_evidence=assumed("allowed too"),
    ),
    Row(
        S3,
        ReturngoodsRefuse,
        SELLER,
        S6,
        "卖家拒绝确认收货，等待买家修改",
        documented("guide", "api", note="guide-8"),
        when=(REASON_KNOWN,),
    ),
    Row(
        S3,
        ConfirmConsign,
        SELLER,
        S13,
        "卖家确认收货并发出换货商品，等待买家收货",
        inferred("api", "isv"),
        when=WAYBILL,
        postings=(RETURN, SHIP),
        rulesets=UPGRADED,
    ),
    Row(S3, TurnToRefund, SELLER, S14, "卖家将换货转为退款", inferred("tmc"), postings=(RELEASE,)),
    Row(
        S3,
        Expire,
        SYSTEM,
        S14,
        "卖家超时未确认收货，换货转退款",
        inferred("rule23"),
        postings=(RELEASE,),
        deadline_rule=S3.deadline_rule,
    ),
    # 6: refused; the buyer modifies, cancels, or calls customer service
    Row(
        S6,
        Modify,
        BUYER,
        S3,
        "买家修改换货申请，等待卖家确认收货",
        inferred("tmc", note="target by switch modify_to"),
        when=(NOT_IN_HAND, RECEIPT_REFUSED, BACK_TO_RECEIPT),
    ),
    Row(
        S6,
        Modify,
        BUYER,
        S1,
        "买家修改换货申请，等待卖家处理",
        inferred("tmc"),
        when=(NOT_IN_HAND,),
        postings=(RELEASE,),
        writes=(
            ("buyer_logistic_name", ""),
            ("buyer_logistic_no", ""),
            ("good_status", GoodStatus.RECEIVED),
        ),
    ),
    Row(
        S6,
        AskCs,
        BUYER,
        S6,
        "买家申请客服介入",
        documented("guide", note="guide-8; cs numbers inferred"),
    ),
    Row(S6, StepIn, CS, S6, "小二已介入处理", inferred("refund")),
    Row(
        S6,
        Judge,
        CS,
        S12,
        "小二判定支持买家，等待卖家发出换货商品",
        assumed(),
        when=(FOR_BUYER, RECEIPT_REFUSED),
        postings=(RETURN,),
    ),
    Row(
        S6,
        Judge,
        CS,
        S2,
        "小二判定支持买家，已预占换货商品，等待买家退货",
        assumed(),
        when=(FOR_BUYER, APPLICATION_REFUSED, IN_STOCK),
        postings=(RESERVE,),
        rulesets=UPGRADED,
    ),
    Row(
        S6,
        Judge,
        CS,
        S4,
        "小二判定支持卖家，换货关闭",
        assumed(),
        when=(FOR_SELLER,),
        postings=(RELEASE,),
    ),
    Row(
        S6,
        Judge,
        CS,
        S14,
        "小二判定退款，换货转退款",
        assumed(),
        when=(FOR_REFUND,),
        postings=(RELEASE,),
    ),
    Row(S6, Cancel, BUYER, S4, "买家取消换货申请", inferred("tmc"), postings=(RELEASE,)),
    Row(
        S6,
        Expire,
        SYSTEM,
        S4,
        "买家超时未修改，换货关闭",
        inferred("rule23"),
        when=(NOT_IN_HAND,),
        postings=(RELEASE,),
        deadline_rule=S6.deadline_rule,
    ),
    # 12: the seller ships the replacement
    Row(
        S12,
        Consigngoods,
        SELLER,
        S13,
        "卖家已发出换货商品，等待买家收货",
        documented("api", note="target inferred"),
        when=WAYBILL,
        postings=(SHIP,),
        upgraded_evidence=assumed("allowed too"),
    ),
    Row(S12, TurnToRefund, SELLER, S14, "卖家将换货转为退款", inferred("tmc"), postings=(RELEASE,)),
    Row(
        S12,
        Expire,
        SYSTEM,
        S14,
        "卖家超时未发货，换货转退款",
        assumed("length inferred", "ruleold"),
        postings=(RELEASE,),
        deadline_rule=S12.deadline_rule,
    ),
    # 13: the buyer receives it
    Row(S13, ConfirmReceipt, BUYER, S5, "买家确认收到换货商品，换货成功", documented("tmc")),
    Row(
        S13,
        Expire,
        SYSTEM,
        S5,
        "买家超时未确认收货，系统自动确认，换货成功",
        assumed(),
        deadline_rule=S13.deadline_rule,
    ),
)

FINAL_STATUSES = tuple(
    status for status in Status if all(row.source is not status for row in _FLOW)
)

TABLE: tuple[Row, ...] = (
    *_FLOW,
    # messages: in every state of the flow
    *(
        Row(
            status,
            LeaveMessage,
            actor,
            status,
            "留言",
            documented("guide", "api", note="guide-6"),
            changes_modified=False,
        )
        for status in Status
        if status not in FINAL_STATUSES
        for actor in (BUYER, SELLER, CS)
    ),
)

CS_TABLE: tuple[CsRow, ...] = (
    CsRow(AskCs, (CsStatus.NOT_NEEDED,), inferred("refund"), (CsStatus.ASKED,)),
    CsRow(StepIn, (CsStatus.ASKED,), inferred("refund"), (CsStatus.STEPPED_IN,)),
    *(
        CsRow(Judge, IN_HAND, assumed(), (side, CsStatus.DONE), verdict)
        for side, verdict in (
            (CsStatus.FOR_BUYER, FOR_BUYER),
            (CsStatus.FOR_BUYER, FOR_REFUND),
            (CsStatus.FOR_SELLER, FOR_SELLER),
        )
    ),
)
