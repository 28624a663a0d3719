"""What can happen to an exchange, as data: who may move it, from where, to where, and what follows.

The model.  An exchange is in one status.  A *move* is what an actor does to it.  A *row* says
that one actor may make one move in one status, and holds everything that follows from it: the
next status, the conditions, the stock entries, the fields written, the sentence that the platform
leaves, the rulesets in which the row exists, and how all this is known.  `TABLE` is the list of
all rows.  There is no other place that knows the flow; a move without a row cannot be made.

How a row is chosen (`play.py`).  The rows of the present status, move and actor are tried in the
order of `TABLE`; the first one whose conditions hold is taken.  So two rows may share status,
move and actor if conditions distinguish them: `Expire` in status 1 leads to 2 with stock and to 4
without.  A condition that only distinguishes such rows is marked `deciding` and becomes part of the
row's name.  If no row is taken, the refusal names the condition that came furthest in the order of
the checks: status, then arguments, then stock.

Time.  A deadline is a row like any other: the actor is the system, the move is `Expire`, and
`deadline_rule` names the rule that holds its duration.  All `Expire` rows of one status share one
rule, so an exchange has at most one deadline.

Customer service.  The statuses of 小二 are a second, smaller state that runs beside the first:
`CS_TABLE` says at which of them a move is legal and which it writes.  A move must be legal in
both tables.  While the case is in hand (`IN_HAND`) no deadline runs.

Messages.  `LeaveMessage` has a row for each status and party while the flow runs.  It leads back
to its own status and does not change `modified`.

Messages of the channel.  A row `fires` the topics that the platform sends with it (topics.py).

Why data and not code.  Many readers use the same rows: `play`, the texts of refusals, deadlines,
near misses, the control API (`possible`), coverage, the state diagram, `explain`, the reference,
the static check of scenarios, and the Hypothesis machine with its complement (moves that must be
refused).  If one `if` elsewhere decided a move, each of these would be wrong about it without
noticing.

What would break: a function instead of a row (coverage could not count it); a row whose order
matters without a deciding condition (the second row could never be taken); two rows with the same
name (events and coverage name rows); a status that no `Expire` leaves (an exchange could wait for
ever); a posting that takes from one account only (stock would appear or vanish).  Tests hold each
of these.

Sources: docs/spec/exchange-guide.md, docs/spec/exchange-api.md, docs/spec/rules.md; each row has
its own evidence, which `explain` prints.
"""

from msgspec import Struct

from .conditions import (
    ADDRESS_KNOWN,
    AFTER_AGREEMENT,
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
from .topics import (
    FIRES_AGREED,
    FIRES_AGREED_BY_SYSTEM,
    FIRES_BOTH,
    FIRES_CLOSED,
    FIRES_CLOSED_BY_OTHERS,
    FIRES_CONFIRMED,
    FIRES_CONSIGNED,
    FIRES_CREATED,
    FIRES_CS_ASKED,
    FIRES_MODIFIED,
    FIRES_REFUSED,
    FIRES_RETURNED,
    FIRES_SUCCESS,
    FIRES_SUCCESS_BY_SYSTEM,
    FIRES_TO_REFUND,
    FIRES_TO_REFUND_BY_OTHERS,
    Firing,
)
from .vocabulary import IN_HAND, Actor, CsStatus, GoodStatus, Ruleset, Status

__all__ = ["CS_TABLE", "FINAL_STATUSES", "TABLE", "CsRow", "Row"]

RESERVE = Posting("预占", "exchange_sku", "num", "available", "reserved")
RELEASE = Posting("释放预占", "exchange_sku", "reserved", "reserved", "available")
SHIP = Posting("发出", "exchange_sku", "reserved", "reserved", "shipped")
RETURN = Posting("退回入库", "bought_sku", "num", "outside", "returned")

BOTH = (Ruleset.CLASSIC, Ruleset.UPGRADED)
CLASSIC = (Ruleset.CLASSIC,)
UPGRADED = (Ruleset.UPGRADED,)
BUYER, SELLER, CS, SYSTEM = Actor.BUYER, Actor.SELLER, Actor.CS, Actor.SYSTEM
S1, S2, S3 = Status.WAIT_SELLER_AGREE, Status.WAIT_BUYER_RETURN, Status.WAIT_SELLER_CONFIRM
S4, S5, S6 = Status.CLOSED, Status.SUCCESS, Status.WAIT_BUYER_MODIFY
S12, S13, S14 = Status.WAIT_SELLER_CONSIGN, Status.WAIT_BUYER_CONFIRM, Status.TO_REFUND

RETURNED = (("good_status", GoodStatus.RETURNED),)
BACK_WITH_BUYER = (
    ("buyer_logistic_name", ""),
    ("buyer_logistic_no", ""),
    ("good_status", GoodStatus.RECEIVED),
)


class Row(Struct, frozen=True):
    """One legal move: in `source` the actor `by` may make `move`, which leads to `target`.

    `source` None: there is no exchange yet.

    `notice` is the sentence that the platform leaves if the actor says nothing.  `when` are the
    conditions, `postings` the stock entries, `writes` pairs of an exchange's field and its new
    value. `deadline_rule` names the rule with the duration after which the system moves (empty:
    no deadline). `changes_modified` is False if `modified` stays.  `upgraded_evidence` replaces
    `evidence` under ruleset `upgraded`.  `fires` are the topics of the message channel that it
    sends, in order.
    """

    source: Status | None
    by: Actor
    move: type[Move]
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
    fires: tuple[Firing, ...] = ()

    def evidence_under(self, ruleset: Ruleset) -> Evidence:
        """Return how the row is known under `ruleset`.

        Some are documented for one and assumed for the other.
        """
        if self.upgraded_evidence and ruleset is Ruleset.UPGRADED:
            return self.upgraded_evidence
        return self.evidence

    @property
    def name(self) -> str:
        """The row's name, unique in the table: from-move-to and the deciding conditions.

        Example: `1-expire-4:out_of_stock`; 0 is a new application; a message names its actor.
        """
        source = 0 if self.source is None else self.source.value
        by = f"@{self.by}" if self.move is LeaveMessage else ""
        deciding = ".".join(condition.name for condition in self.when if condition.deciding)
        name = f"{source}-{self.move.name()}{by}-{self.target.value}"
        return f"{name}:{deciding}" if deciding else name


class CsRow(Struct, frozen=True):
    """A move that depends on customer service: legal at `sources`, it writes `targets` in order.

    `when` chooses among the rows of one move.  A move without a row here is legal at every status.
    """

    move: type[Move]
    sources: tuple[CsStatus, ...]
    evidence: Evidence
    targets: tuple[CsStatus, ...] = ()
    when: Condition | None = None


def _expire(
    source: Status,
    target: Status,
    notice: str,
    evidence: Evidence,
    *,
    when: tuple[Condition, ...] = (),
    postings: tuple[Posting, ...] = (),
    fires: tuple[Firing, ...] = (),
) -> Row:
    """Return the row in which the system leaves `source` at its deadline."""
    return Row(
        source,
        SYSTEM,
        Expire,
        target,
        notice=notice,
        evidence=evidence,
        when=when,
        postings=postings,
        deadline_rule=source.deadline_rule,
        fires=fires,
    )


# fmt: off
_STATUS_ROWS: tuple[Row, ...] = (
    Row(None, BUYER, Apply, S1, notice="买家申请换货，等待卖家处理",
        evidence=documented("guide", note="guide-1"),
        fires=FIRES_CREATED),

    # 1: the seller decides; after two days the system, by stock
    Row(S1, SELLER, Agree, S2, notice="卖家同意换货申请，已预占换货商品，等待买家退货",
        evidence=documented("guide", "api", note="guide-7"),
        when=(ADDRESS_KNOWN, IN_STOCK), postings=(RESERVE,),
        fires=FIRES_AGREED),
    Row(S1, SELLER, Refuse, S4, notice="卖家拒绝换货申请，换货关闭",
        evidence=documented("guide", note="guide-8"),
        when=(REASON_KNOWN,), rulesets=CLASSIC,
        fires=FIRES_REFUSED),
    Row(S1, SELLER, Refuse, S6, notice="卖家拒绝换货申请，等待买家修改",
        evidence=inferred("rule23"),
        when=(REASON_KNOWN,), rulesets=UPGRADED,
        fires=FIRES_REFUSED),
    _expire(S1, S2, "卖家超时未处理，有库存，系统自动同意换货申请",
            documented("guide", note="guide-7; length assumed"),
            when=(IN_STOCK,), postings=(RESERVE,),
            fires=FIRES_AGREED_BY_SYSTEM),
    _expire(S1, S4, "卖家超时未处理，无库存，系统自动拒绝换货申请",
            documented("guide", note="guide-7; length assumed"),
            when=(OUT_OF_STOCK,),
            fires=FIRES_REFUSED),
    Row(S1, BUYER, Modify, S1, notice="买家修改换货申请，等待卖家处理",
        evidence=inferred("evidence", note="evidence-1: number and wanted SKU; deadline assumed"),
        fires=FIRES_MODIFIED),
    Row(S1, BUYER, Cancel, S4, notice="买家取消换货申请", evidence=inferred("tmc"),
        fires=FIRES_CLOSED),

    # 2: the buyer returns the goods
    Row(S2, BUYER, ShipBack, S3, notice="买家已寄回商品，等待卖家确认收货",
        evidence=documented("guide", note="guide-5"),
        when=WAYBILL, writes=RETURNED,
        fires=FIRES_RETURNED),
    Row(S2, BUYER, Modify, S1, notice="买家修改换货申请，已释放预占，等待卖家处理",
        evidence=assumed("evidence-1: seen in later states; target assumed", "evidence"),
        when=(AFTER_AGREEMENT,), postings=(RELEASE,),
        fires=FIRES_MODIFIED),
    _expire(S2, S4, "买家超时未退货，换货关闭", inferred("rule23"), postings=(RELEASE,),
            fires=FIRES_CLOSED_BY_OTHERS),
    Row(S2, BUYER, Cancel, S4, notice="买家取消换货申请", evidence=inferred("tmc"),
        postings=(RELEASE,),
        fires=FIRES_CLOSED),

    # 3: the seller examines what came back
    Row(S3, SELLER, ReturngoodsAgree, S12, notice="卖家确认收到退货，等待卖家发出换货商品",
        evidence=documented("guide", "api", note="guide-5"),
        postings=(RETURN,), upgraded_evidence=assumed("allowed too"),
        fires=FIRES_CONFIRMED),
    Row(S3, SELLER, ReturngoodsRefuse, S6, notice="卖家拒绝确认收货，等待买家修改",
        evidence=documented("guide", "api", note="guide-8"),
        when=(REASON_KNOWN,),
        fires=FIRES_REFUSED),
    Row(S3, SELLER, ConfirmConsign, S13, notice="卖家确认收货并发出换货商品，等待买家收货",
        evidence=inferred("api", "isv"),
        when=WAYBILL, postings=(RETURN, SHIP), rulesets=UPGRADED,
        fires=FIRES_BOTH),
    Row(S3, SELLER, TurnToRefund, S14, notice="卖家将换货转为退款", evidence=inferred("tmc"),
        postings=(RELEASE,),
        fires=FIRES_TO_REFUND),
    _expire(S3, S14, "卖家超时未确认收货，换货转退款", inferred("rule23"), postings=(RELEASE,),
            fires=FIRES_TO_REFUND_BY_OTHERS),

    # 6: refused; the buyer modifies, cancels, or calls customer service
    Row(S6, BUYER, Modify, S3, notice="买家修改换货申请，等待卖家确认收货",
        evidence=inferred("tmc", note="target by rule modify_to"),
        when=(NOT_IN_HAND, RECEIPT_REFUSED, BACK_TO_RECEIPT),
        fires=FIRES_MODIFIED),
    Row(S6, BUYER, Modify, S1, notice="买家修改换货申请，等待卖家处理", evidence=inferred("tmc"),
        when=(NOT_IN_HAND,), postings=(RELEASE,), writes=BACK_WITH_BUYER,
        fires=FIRES_MODIFIED),
    Row(S6, BUYER, AskCs, S6, notice="买家申请客服介入",
        evidence=documented("guide", note="guide-8; cs numbers inferred"),
        fires=FIRES_CS_ASKED),
    Row(S6, CS, StepIn, S6, notice="小二已介入处理", evidence=inferred("refund")),
    Row(S6, CS, Judge, S12, notice="小二判定支持买家，等待卖家发出换货商品", evidence=assumed(),
        when=(FOR_BUYER, RECEIPT_REFUSED), postings=(RETURN,)),
    Row(S6, CS, Judge, S2, notice="小二判定支持买家，已预占换货商品，等待买家退货",
        evidence=assumed(),
        when=(FOR_BUYER, APPLICATION_REFUSED, IN_STOCK), postings=(RESERVE,), rulesets=UPGRADED),
    Row(S6, CS, Judge, S4, notice="小二判定支持卖家，换货关闭", evidence=assumed(),
        when=(FOR_SELLER,), postings=(RELEASE,),
        fires=FIRES_CLOSED_BY_OTHERS),
    Row(S6, CS, Judge, S14, notice="小二判定退款，换货转退款", evidence=assumed(),
        when=(FOR_REFUND,), postings=(RELEASE,),
        fires=FIRES_TO_REFUND_BY_OTHERS),
    Row(S6, BUYER, Cancel, S4, notice="买家取消换货申请", evidence=inferred("tmc"),
        postings=(RELEASE,),
        fires=FIRES_CLOSED),
    _expire(S6, S4, "买家超时未修改，换货关闭", inferred("rule23"),
            when=(NOT_IN_HAND,), postings=(RELEASE,),
            fires=FIRES_CLOSED_BY_OTHERS),

    # 12: the seller ships the replacement
    Row(S12, SELLER, Consigngoods, S13, notice="卖家已发出换货商品，等待买家收货",
        evidence=documented("api", note="target inferred"),
        when=WAYBILL, postings=(SHIP,), upgraded_evidence=assumed("allowed too"),
        fires=FIRES_CONSIGNED),
    Row(S12, SELLER, TurnToRefund, S14, notice="卖家将换货转为退款", evidence=inferred("tmc"),
        postings=(RELEASE,),
        fires=FIRES_TO_REFUND),
    _expire(S12, S14, "卖家超时未发货，换货转退款", assumed("length inferred", "ruleold"),
            postings=(RELEASE,),
            fires=FIRES_TO_REFUND_BY_OTHERS),

    # 13: the buyer receives it
    Row(S13, BUYER, ConfirmReceipt, S5, notice="买家确认收到换货商品，换货成功",
        evidence=documented("tmc"),
        fires=FIRES_SUCCESS),
    _expire(S13, S5, "买家超时未确认收货，系统自动确认，换货成功", assumed(),
            fires=FIRES_SUCCESS_BY_SYSTEM),
)
# fmt: on

FINAL_STATUSES = tuple(
    status for status in Status if all(row.source is not status for row in _STATUS_ROWS)
)

_MESSAGE_ROWS = tuple(
    Row(
        status,
        by,
        LeaveMessage,
        status,
        notice="留言",
        evidence=documented("guide", "api", note="guide-6"),
        changes_modified=False,
    )
    for status in Status
    if status not in FINAL_STATUSES
    for by in (BUYER, SELLER, CS)
)

TABLE: tuple[Row, ...] = (*_STATUS_ROWS, *_MESSAGE_ROWS)

_DONE_FOR_BUYER = (CsStatus.FOR_BUYER, CsStatus.DONE)
_DONE_FOR_SELLER = (CsStatus.FOR_SELLER, CsStatus.DONE)

CS_TABLE: tuple[CsRow, ...] = (
    CsRow(AskCs, (CsStatus.NOT_NEEDED,), inferred("refund"), (CsStatus.ASKED,)),
    CsRow(StepIn, (CsStatus.ASKED,), inferred("refund"), (CsStatus.STEPPED_IN,)),
    CsRow(Judge, IN_HAND, assumed(), _DONE_FOR_BUYER, when=FOR_BUYER),
    CsRow(Judge, IN_HAND, assumed(), _DONE_FOR_BUYER, when=FOR_REFUND),
    CsRow(Judge, IN_HAND, assumed(), _DONE_FOR_SELLER, when=FOR_SELLER),
)
